"""Report → JSON and JSON Lines, and a saved JSON report → report."""
