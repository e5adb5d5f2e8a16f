"""Summaries that several formats show: what to do first, what to collect next, blind spots."""
