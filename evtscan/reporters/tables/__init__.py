"""Report → tables: their columns and rows, as CSV and Parquet."""
