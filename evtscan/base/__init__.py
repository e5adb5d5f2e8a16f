"""What every layer uses: nouns, three-valued logic, versions, Windows types, text and errors."""
