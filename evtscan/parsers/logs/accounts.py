"""Account names as viewers print them → security identifiers, for the few accounts with the same SID on every host."""

_SIDS = {
    "system": "S-1-5-18",
    "local service": "S-1-5-19",
    "network service": "S-1-5-20",
    "anonymous logon": "S-1-5-7",
}
_NOBODY = ("", "n/a")

USER_FIELDS = frozenset({"UserID", "Security_UserID"})
"""The fields that contain the user's security identifier."""


def sid_of(name: str) -> tuple[str | None, frozenset[str]]:
    r"""Return the SID of a printed account (None if none is printed), and the fields that remain unknown.

    >>> sid_of(r"NT AUTHORITY\SYSTEM"), sid_of("N/A")
    (('S-1-5-18', frozenset()), (None, frozenset()))
    """
    name = name.strip()
    if name.casefold() in _NOBODY:
        return None, frozenset()
    if name.startswith("S-1-"):
        return name, frozenset()
    domain, _, account = name.casefold().rpartition("\\")
    sid = _SIDS.get(account) if domain in ("", "nt authority") else None
    return sid, frozenset() if sid else USER_FIELDS
