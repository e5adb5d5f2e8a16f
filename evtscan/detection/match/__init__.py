"""Rules × events → matches."""
