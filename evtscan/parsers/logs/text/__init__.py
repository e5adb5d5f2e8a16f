"""Event lists as text: Event Viewer, dumpel, PsLogList, wevtutil."""
