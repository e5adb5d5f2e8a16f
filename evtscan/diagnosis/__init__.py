"""Findings and facts of hosts → what they mean together: changes before, common factors, chains, unexplained events."""
