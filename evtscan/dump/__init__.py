"""Export of events: all records of a log that pass the filters, as CSV or JSON Lines, in a stable order."""
