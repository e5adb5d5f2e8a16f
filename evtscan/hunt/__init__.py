"""Match Sigma rules against the logs of any number of computers and write a time line of detections, in bounded memory.

``run.hunt`` is the entry point. Worker processes match ranges of the logs and write their hits to files; one process
reads these files in order, counts the detections and writes every output in one pass.
"""
