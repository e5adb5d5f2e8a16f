"""Events as XML: wevtutil, Event Viewer, and CLIXML of PowerShell."""
