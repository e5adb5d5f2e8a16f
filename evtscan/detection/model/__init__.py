"""The data model of rules, and the meaning of a test for one value."""
