"""The programs whose output is read as a system report. To add one, write its module and add its ``PROGRAM`` here."""

from evtscan.parsers.reports import (
    dirlisting,
    driverquery,
    drwatson,
    fileversions,
    hotfixes,
    ipconfig,
    msinfo,
    netstart,
    sc,
    srvinfo,
    systeminfo,
    ver,
    winmsd,
)
from evtscan.parsers.reports.program import Program

PROGRAMS: tuple[Program, ...] = (
    winmsd.PROGRAM,
    msinfo.PROGRAM,
    systeminfo.PROGRAM,
    driverquery.PROGRAM,
    sc.PROGRAM,
    ipconfig.PROGRAM,
    srvinfo.PROGRAM,
    dirlisting.PROGRAM,
    netstart.PROGRAM,
    hotfixes.PROGRAM,
    fileversions.PROGRAM,
    drwatson.PROGRAM,
    ver.PROGRAM,
)
"""In the order in which they are tried: if two could have printed a text, the more specific one comes first."""
