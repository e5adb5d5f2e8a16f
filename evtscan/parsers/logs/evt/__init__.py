"""``.evt``, the event log of NT 3.1 to 2003 → events.

A log is a ring of records after a header, and the record at its newest end points to the oldest one:

- ``layout`` finds the logs of a file and the order in which their bytes must be read;
- ``records`` finds the records in those bytes, a segment at a time, and gathers their fixed parts;
- ``selection`` selects the records that a query can use;
- ``decode`` turns one record into an event;
- ``reader`` does one pass over a file with all of these, and counts what was read and lost.

The format: "Event Log File Format", ELF_LOGFILE_HEADER, EVENTLOGRECORD and ELF_EOF_RECORD at Microsoft Learn, and the
documentation of libevt. Everything is little-endian; times are Unix seconds, UTC.
"""

from evtscan.parsers.logs.evt.parts import open_parts
from evtscan.parsers.logs.evt.reader import EvtLog, read_log

__all__ = ["EvtLog", "open_parts", "read_log"]
