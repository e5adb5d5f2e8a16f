"""Event logs and their exports → events: one package for each family of formats."""
