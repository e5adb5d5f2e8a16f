"""Parsers of text lines and of printed dates and times, shared by all groups of parsers."""
