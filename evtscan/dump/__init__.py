"""Events out: every record of a log that passes some filters, as CSV or JSON Lines, in a stable order."""
