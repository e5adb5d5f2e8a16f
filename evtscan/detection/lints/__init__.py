"""Lints of rules: the modules hold a few of one kind each, ``evtscan.detection.lint`` the table of all."""
