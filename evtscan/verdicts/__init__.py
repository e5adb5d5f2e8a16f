"""Matches of rules × facts of a host → findings: what each match means on this host, at its time, and why."""
