"""Facts that a person states: facts.yaml for one host, a table for many."""
