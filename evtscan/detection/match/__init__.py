"""Match rules against events."""
