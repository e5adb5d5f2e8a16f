"""Registry hives and exports → registry keys."""
