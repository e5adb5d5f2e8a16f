"""Report → text for people: console, Markdown, ledger, comparison."""
