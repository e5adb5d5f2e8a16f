"""Lints of rules, by subject; ``evtscan.detection.authoring.lint`` has the table of all of them."""
