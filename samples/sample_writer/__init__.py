"""Writers of evidence: plain descriptions of events and registry keys → the bytes that Windows would have written.

They serve the samples, the tests and the benchmarks. Same input, same bytes.
"""
