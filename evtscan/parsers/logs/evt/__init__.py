"""Reader for ``.evt`` files, the event logs of Windows NT 3.1 to 2003.

A log is a ring of records after a header. The EOF record at the end of the newest record points to the oldest one:

- ``layout`` finds the logs of a file and the order in which their bytes must be read;
- ``records`` finds the records in those bytes, a segment at a time, and gathers their fixed parts;
- ``selection`` selects the records that may match a query;
- ``decode`` turns one record into an event;
- ``reader`` does one pass over a file with all of these, and counts the records that were read and lost.

The format: "Event Log File Format", ELF_LOGFILE_HEADER, EVENTLOGRECORD and ELF_EOF_RECORD at Microsoft Learn, and the
documentation of libevt. All numbers are little-endian; times are Unix seconds, UTC.
"""

from evtscan.parsers.logs.evt.parts import open_parts
from evtscan.parsers.logs.evt.reader import EvtLog, read_log

__all__ = ["EvtLog", "open_parts", "read_log"]
