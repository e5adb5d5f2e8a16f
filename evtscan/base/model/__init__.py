"""The nouns of evidence, rules and findings that several layers share."""
