"""Events as text lists: Event Viewer, dumpel, PsLogList, wevtutil."""
