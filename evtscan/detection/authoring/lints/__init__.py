"""Lints of rules: the modules hold a few of one kind each, ``evtscan.detection.authoring.lint`` the table of all."""
