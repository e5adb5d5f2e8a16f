"""Collectors: evidence → statements about a host, one module per kind of evidence."""
