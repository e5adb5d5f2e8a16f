"""The end of a command: outputs, console, ledger and exit code."""
