"""Data types for evidence, rules and findings that several layers share."""
