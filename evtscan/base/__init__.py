"""The base of all other packages: data types, three-valued logic, versions, Windows types, text and errors."""
