"""Text lines, and dates and times as programs print them: shared by parsers of every group."""
