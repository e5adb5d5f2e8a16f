r"""Paths of Windows as reports print them → folder and file name."""

_PROGRAMS = (".sys", ".exe", ".dll", ".drv", ".ocx", ".cpl", ".com", ".scr", ".ax", ".acm", ".386", ".vxd", ".nls")


def split_path(path: str) -> tuple[str | None, str]:
    r"""The folder as printed, and the file name in lower case.

    >>> split_path(r"C:\WINNT\System32\DRIVERS\RasArp.sys")
    ('C:\\WINNT\\System32\\DRIVERS', 'rasarp.sys')
    """
    folder, _, name = path.strip().strip('"').replace("/", "\\").rpartition("\\")
    return folder or None, name.lower()


def is_program(name: str) -> bool:
    """Whether a file of this name in lower case is one that facts are about: a program, a driver, a library."""
    return name.endswith(_PROGRAMS)
