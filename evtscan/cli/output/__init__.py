"""How a command ends: outputs, console, ledger and exit code."""
