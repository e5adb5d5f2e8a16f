"""Statements and boot sessions, and what is known of a fact at a record."""
