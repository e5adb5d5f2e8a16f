"""Sigma rules over the logs of any number of computers → a time line of detections, in bounded memory.

``run.hunt`` is the whole story. Worker processes match ranges of the logs and write what they find to files; one
process reads these files in order, counts, and writes every output in one pass.
"""
