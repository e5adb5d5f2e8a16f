"""Event logs and their exports → events: one package a family of formats."""
