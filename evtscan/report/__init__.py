"""Reports: their nouns, how one is assembled, compared, and which findings are accepted."""
