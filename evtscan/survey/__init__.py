"""The evidence of one host + rules → the survey of the host: what was read, its facts, and the outcome of each rule."""
