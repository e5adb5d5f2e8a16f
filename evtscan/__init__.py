"""Finds documented problems in exported Windows event logs, judged against what the host is."""

__version__ = "0.1.0"
__all__ = ["__version__"]
