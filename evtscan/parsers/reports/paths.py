r"""Windows paths in reports → folder and file name."""

_PROGRAMS = (".sys", ".exe", ".dll", ".drv", ".ocx", ".cpl", ".com", ".scr", ".ax", ".acm", ".386", ".vxd", ".nls")


def split_path(path: str) -> tuple[str | None, str]:
    r"""Return the folder as printed, and the file name in lower case.

    >>> split_path(r"C:\WINNT\System32\DRIVERS\RasArp.sys")
    ('C:\\WINNT\\System32\\DRIVERS', 'rasarp.sys')
    """
    folder, _, name = path.strip().strip('"').replace("/", "\\").rpartition("\\")
    return folder or None, name.lower()


def is_program(name: str) -> bool:
    """Return whether this lower-case file name is that of a program, driver or library, the files that facts use."""
    return name.endswith(_PROGRAMS)
