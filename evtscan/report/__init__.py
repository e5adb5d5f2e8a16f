"""Reports: their data model, how a report is assembled and compared, and which findings are accepted."""
