"""Rules: YAML files → rules (``load``); rules × events → matches (``match``); help for authors (``authoring``)."""
