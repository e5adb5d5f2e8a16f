"""The published names of facts, and data that collectors share."""
