"""The base of every layer: nouns, three-valued logic, versions, Windows types, text and errors."""
