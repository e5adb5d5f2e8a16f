"""The nouns of a rule, and what its tests mean for one value."""
