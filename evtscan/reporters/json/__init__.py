"""Report → JSON and JSON Lines, and a saved report → report."""
