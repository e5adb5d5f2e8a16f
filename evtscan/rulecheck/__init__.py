"""Rule files → all problems in them, including failing cases."""
