"""Events as CSV tables: PowerShell, Log Parser, EvtxECmd and evtscan itself."""
