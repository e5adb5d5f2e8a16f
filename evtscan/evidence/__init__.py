"""The files of one host → its evidence: machines, forwarded logs, copies, and neighbouring records."""
