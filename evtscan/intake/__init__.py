"""Paths and archives → the files that may be evidence."""
