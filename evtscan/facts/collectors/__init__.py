"""Collectors: evidence → statements about a host, one module a kind of evidence."""
