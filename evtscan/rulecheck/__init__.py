"""Rule files → everything that is wrong with them, their cases included."""
