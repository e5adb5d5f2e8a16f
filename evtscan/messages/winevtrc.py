"""SQLite databases of message texts (libyal's winevt-kb, and databases derived from it for plaso) → message
definitions.

Three forms are supported, and identified by their tables:

- ``winevt-kb.db`` with a database for each message file in the same folder. ``event_log_providers`` (``log_source``),
  ``message_file_per_event_log_provider`` (``message_file_type``: event, parameter …) and ``message_files``
  (``message_filename``, ``database_filename``) lead to a file, whose database has a table for each language and file
  version: ``message_table_0x00000409_5_1_2600_5512``.
- ``winevt-rc.db``, version 20150315. The same tables, but ``message_files`` has a ``path``, and the messages are in
  ``message_table_KEY_0x00000409`` of the same file.
- ``winevt-rc.db``, version 20240929: ``winevtrc_eventlog_provider``, ``winevtrc_message_file`` (``windows_path``,
  ``product_version``), ``winevtrc_message_table`` (``language_identifier``), ``winevtrc_message_string``.

The last two are merged from several versions of Windows and do not state the version of a message, unless a message
file has one. A table without a version is used only for the Windows version that the user specifies.

Identifiers are text (``0x000003e8``) in the first two and numbers in the last. Definitions are as in the resource
(``string_format`` wrc); definitions that were converted to Python formats cannot be converted back, and are rejected.
"""

import json
import re
import sqlite3
import weakref
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from evtscan.base.errors import EvidenceError
from evtscan.base.versions import os_version
from evtscan.messages.store import FoundMessage, MessageKey, MessageTables, Refusal, Role

MOST_STEPS = 50_000
"""Thousands of instructions of SQLite's machine that one query may take."""
LONGEST_VALUE = 1 << 20
MOST_ROWS = 1000
MOST_MESSAGES = 1 << 17
MOST_PAGES = 100
_MOST_OPEN = 64
_MOST_LANGUAGES = 64

_VERSIONED = re.compile(r"message_table_0x([0-9a-f]{8})_(\d{1,5}(?:_\d{1,5}){1,7})\Z", re.IGNORECASE)
_UNVERSIONED = re.compile(r"message_table_0x([0-9a-f]{8})\Z", re.IGNORECASE)
_ENGLISH, _NEUTRAL = 0x0409, 0
_DAMAGE = (sqlite3.Error, UnicodeDecodeError, OverflowError)  # names in a damaged schema need not be text
_ROLES = {Role.EVENT: "event", Role.PARAMETER: "parameter"}
_USUAL_PARAMETER_FILES = ("msobjs.dll", "kernel32.dll")


def open_database(path: Path, version: str | None = None) -> MessageTables:
    """Open a database; ``version`` is the version of Windows for tables that do not state one.

    Raises:
        EvidenceError: if its form is unknown, or it is damaged.
    """
    database = Database(path)
    try:
        if "winevtrc_message_string" in database.tables:
            return ContainerStore(database, version)
        if {"event_log_providers", "message_files", "message_file_per_event_log_provider"} <= database.tables.keys():
            return ProviderTables(database, version)
    except BaseException:
        database.close()
        raise
    database.close()
    raise EvidenceError(f"{path.name}: a database, but neither winevt-rc nor winevt-kb: it has none of their tables")


class Database:
    """One SQLite file, read-only and bounded: hostile schemas and values end a query, not the run.

    ``tables`` maps the ordinary tables (no views, no virtual tables) to their column names.

    Raises:
        EvidenceError: from every method, if the file is damaged or a query takes too long.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._connection = sqlite3.connect(_uri(path.resolve()), uri=True, check_same_thread=False)
        except (sqlite3.Error, OSError) as error:
            raise EvidenceError(f"{path.name}: cannot be opened ({error})") from error
        weakref.finalize(self, self._connection.close)  # tables are kept for as long as somebody may ask them
        self._connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
        self._connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
        self._steps = 0
        self._connection.set_progress_handler(self._count, 1000)
        try:
            self.tables = self._read_schema()
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def rows(self, query: str, values: Iterable[Any] = (), most: int = MOST_ROWS) -> list[tuple[Any, ...]]:
        """Return the first ``most`` rows of a query.

        Raises:
            EvidenceError: if the database is damaged, or the query takes more than ``MOST_STEPS``.
        """
        self._steps = 0
        try:
            return self._connection.execute(query, tuple(values)).fetchmany(most)
        except _DAMAGE as error:
            raise EvidenceError(f"{self.path.name}: cannot be read ({error})") from error

    def _count(self) -> int:
        self._steps += 1
        return self._steps > MOST_STEPS

    def _read_schema(self) -> dict[str, frozenset[str]]:
        self.rows("PRAGMA trusted_schema = OFF")
        self.rows("PRAGMA query_only = ON")
        columns: dict[str, set[str]] = {}
        self._steps = 0
        query = (
            "SELECT m.name, p.name, p.hidden FROM sqlite_master AS m JOIN pragma_table_xinfo(m.name) AS p "
            "WHERE m.type = 'table' AND m.sql LIKE 'CREATE TABLE%' LIMIT 200000"
        )
        try:
            for table, column, hidden in self._connection.execute(query):
                if hidden:  # a generated column: no limit of steps interrupts what its expression calls
                    raise EvidenceError(f"{self.path.name}: not used: it has columns that are computed")
                columns.setdefault(str(table), set()).add(str(column))
        except _DAMAGE as error:
            raise EvidenceError(f"{self.path.name}: a damaged database ({error})") from error
        return {table: frozenset(names) for table, names in columns.items()}


def _uri(path: PurePath) -> str:
    """Return a path as a URI for SQLite, which rejects URIs with a server name (a Windows share)."""
    plain = path.as_uri()
    return (plain if plain.startswith("file:///") else plain.replace("//", "////", 1)) + "?mode=ro&immutable=1"


@dataclass(frozen=True, slots=True)
class _Table:
    """One table of messages: its message file, language, version of Windows if known, and name in the database."""

    file: str
    language: int
    version: str | None
    database: Database
    name: str


class ProviderTables:
    """``winevt-kb.db`` and the databases next to it, or ``winevt-rc.db`` of version 20150315."""

    def __init__(self, database: Database, version: str | None) -> None:
        self.name = database.path.name
        self._database, self._stated = database, version
        self._companions: dict[str, Database | None] = {}
        _check_format(database, "name")

    def find(self, key: MessageKey) -> FoundMessage | Refusal | None:
        """Return the definition of a source's message for one version of Windows."""
        try:
            return self._find(key)
        except EvidenceError as error:
            return Refusal("message_file_unreadable", self.name, str(error))

    def _find(self, key: MessageKey) -> FoundMessage | Refusal | None:
        holding = []
        for table in self._tables(key):
            definition = self._definition(table, key.identifier)
            if definition is not None and _fits(table.version, self._stated, key.version):
                return FoundMessage(definition)
            if definition is not None:
                holding.append((table.file, table.version))
        return _refusal(self.name, holding, key.version)

    def _tables(self, key: MessageKey) -> list[_Table]:
        files = self._files(key)
        if key.role is Role.PARAMETER and not files:
            files = [row for name in _USUAL_PARAMETER_FILES for row in self._files_named(name)]
        return _by_language(table for row in files for table in self._tables_of(*row))

    def _files(self, key: MessageKey) -> list[tuple[int, str, str, str | None]]:
        typed = "message_file_type" in self._database.tables["message_file_per_event_log_provider"]
        if key.role is Role.PARAMETER and not typed:
            return []
        return self._file_rows(
            "JOIN message_file_per_event_log_provider AS l ON l.message_file_key = f.message_file_key "
            "JOIN event_log_providers AS p ON p.event_log_provider_key = l.event_log_provider_key "
            "WHERE p.log_source = ? COLLATE NOCASE" + (" AND l.message_file_type = ?" if typed else ""),
            [key.provider, _ROLES[key.role]] if typed else [key.provider],
        )

    def _files_named(self, name: str) -> list[tuple[int, str, str, str | None]]:
        rows = self._file_rows(f"WHERE LOWER({self._path_column}) LIKE ?", [f"%{name}"])
        return [row for row in rows if row[1] == name]

    @property
    def _path_column(self) -> str:
        return "f.path" if "path" in self._database.tables["message_files"] else "f.message_filename"

    def _file_rows(self, rest: str, values: list[str]) -> list[tuple[int, str, str, str | None]]:
        """Return for each message file its key, file name, database name and version."""
        columns = self._database.tables["message_files"]
        companion = "f.database_filename" if "database_filename" in columns else "''"
        version = next((f"f.{name}" for name in ("product_version", "file_version") if name in columns), "NULL")
        selected = f"f.message_file_key, {self._path_column}, {companion}, {version}"
        rows = self._database.rows(f"SELECT DISTINCT {selected} FROM message_files AS f {rest}", values)
        return [
            (int(key), _base_name(path), str(file or ""), None if own is None else os_version(str(own)))
            for key, path, file, own in rows
            if isinstance(key, int)
        ]

    def _tables_of(self, key: int, file: str, companion: str, version: str | None) -> Iterator[_Table]:
        database = self._companion(companion) if companion else self._database
        if database is None:
            return
        merged = re.compile(rf"message_table_{key}_0x([0-9a-f]{{8}})\Z", re.IGNORECASE)
        for name in database.tables:
            if companion and (found := _VERSIONED.match(name)):
                yield _Table(file, int(found[1], 16), os_version(found[2].replace("_", ".")), database, name)
            elif found := (_UNVERSIONED if companion else merged).match(name):
                yield _Table(file, int(found[1], 16), version, database, name)

    def _companion(self, name: str) -> Database | None:
        """Open the database of one message file, which must be in the same folder."""
        if name not in self._companions:
            path = self._database.path.parent / name
            inside = not set(name) & set("/\\:") and path.is_file() and not path.is_symlink()
            if len(self._companions) >= _MOST_OPEN:
                for open_one in filter(None, self._companions.values()):
                    open_one.close()
                self._companions.clear()
            self._companions[name] = Database(path) if inside else None
        return self._companions[name]

    def _definition(self, table: _Table, identifier: int) -> str | None:
        if not {"message_identifier", "message_string"} <= table.database.tables[table.name]:
            return None
        query = f'SELECT message_string FROM "{table.name}" WHERE message_identifier = ? COLLATE NOCASE LIMIT 1'
        return _text(table.database.rows(query, [f"0x{identifier:08x}"]))


class ContainerStore:
    """``winevt-rc.db`` of version 20240929."""

    def __init__(self, database: Database, version: str | None) -> None:
        self.name = database.path.name
        self._database, self._stated = database, version
        _check_format(database, "key")
        self._providers = self._read_providers()
        self._files = self._read_files()
        self._messages: dict[int, list[dict[int, str]]] = {}

    def find(self, key: MessageKey) -> FoundMessage | Refusal | None:
        """Return the definition of a source's message for one version of Windows."""
        try:
            return self._find(key)
        except EvidenceError as error:
            return Refusal("message_file_unreadable", self.name, str(error))

    def _find(self, key: MessageKey) -> FoundMessage | Refusal | None:
        names = self._providers.get((key.role, key.provider.casefold()), ())
        if key.role is Role.PARAMETER and not names:
            names = _USUAL_PARAMETER_FILES
        holding = []
        for name in names:
            for identifier, version in self._files.get(name, ()) + self._files.get(f"{name}.mui", ()):
                definition = self._definition(identifier, key.identifier)
                if definition is not None and _fits(version, self._stated, key.version):
                    return FoundMessage(definition)
                if definition is not None:
                    holding.append((name, version))
        return _refusal(self.name, holding, key.version)

    def _read_providers(self) -> dict[tuple[Role, str], tuple[str, ...]]:
        found: dict[tuple[Role, str], tuple[str, ...]] = {}
        columns = self._database.tables.get("winevtrc_eventlog_provider", frozenset())
        if not {"name", "log_sources", "event_message_files", "parameter_message_files"} <= columns:
            return found
        selected = "name, log_sources, event_message_files, parameter_message_files"
        for name, sources, events, parameters in self._all(selected, "winevtrc_eventlog_provider"):
            for source in {name, *_listed(sources)} - {None, ""}:
                for role, files in ((Role.EVENT, events), (Role.PARAMETER, parameters)):
                    key = role, str(source).casefold()
                    found[key] = tuple(dict.fromkeys((*found.get(key, ()), *map(_base_name, _listed(files)))))
        return found

    def _read_files(self) -> dict[str, tuple[tuple[int, str | None], ...]]:
        """Return the identifiers of message files, with their versions of Windows, by file name."""
        columns = self._database.tables.get("winevtrc_message_file", frozenset())
        version = next((name for name in ("product_version", "file_version") if name in columns), "NULL")
        found: dict[str, tuple[tuple[int, str | None], ...]] = {}
        if "windows_path" not in columns:
            return found
        for identifier, path, own in self._all(f"_identifier, windows_path, {version}", "winevtrc_message_file"):
            if isinstance(identifier, int):
                entry = identifier, None if own is None else os_version(str(own))
                found[_base_name(path)] = (*found.get(_base_name(path), ()), entry)
        return found

    def _all(self, columns: str, table: str) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a table, page by page."""
        for page in range(MOST_PAGES):
            rows = self._database.rows(f"SELECT {columns} FROM {table} LIMIT ? OFFSET ?", [MOST_ROWS, page * MOST_ROWS])
            yield from rows
            if len(rows) < MOST_ROWS:
                return

    def _definition(self, file: int, identifier: int) -> str | None:
        return next((text for table in self._tables_of(file) if (text := table.get(identifier)) is not None), None)

    def _tables_of(self, file: int) -> Iterator[dict[int, str]]:
        """Yield the messages of a file, one table per language.

        Tables are read completely because the database has no usable index.
        """
        if file not in self._messages:
            if len(self._messages) >= _MOST_OPEN:
                self._messages.clear()
            tables = self._database.rows(
                "SELECT _identifier FROM winevtrc_message_table WHERE _message_file_identifier = ? "
                "ORDER BY language_identifier != ?, language_identifier",
                [f"winevtrc_message_file.{file}", _ENGLISH],
            )
            self._messages[file] = [self._read_messages(number) for (number,) in tables[:_MOST_LANGUAGES]]
        yield from self._messages[file]

    def _read_messages(self, table: int) -> dict[int, str]:
        columns = self._database.tables["winevtrc_message_string"]
        column = "message_identifier" if "message_identifier" in columns else "identifier"
        query = f"SELECT {column}, text FROM winevtrc_message_string WHERE _message_table_identifier = ?"
        rows = self._database.rows(query, [f"winevtrc_message_table.{table}"], MOST_MESSAGES)
        return {number: text for number, text in rows if isinstance(number, int) and isinstance(text, str)}


def _check_format(database: Database, key: str) -> None:
    """Reject definitions that differ from the form in the resource.

    Raises:
        EvidenceError: if they were converted to Python formats.
    """
    if {key, "value"} <= database.tables.get("metadata", frozenset()):
        rows = database.rows(f"SELECT value FROM metadata WHERE {key} = 'string_format'")
        if rows and rows[0][0] != "wrc":
            raise EvidenceError(
                f"{database.path.name}: its string format is {str(rows[0][0])[:20]!r}; export it again with wrc"
            )


def _by_language(tables: Iterable[_Table]) -> list[_Table]:
    """Sort tables by language: English first, then neutral, then the others by number."""
    return sorted(tables, key=lambda table: (table.language != _ENGLISH, table.language != _NEUTRAL, table.language))


def _fits(version: str | None, stated: str | None, asked: str) -> bool:
    return (stated if version is None else version) == asked


def _refusal(database: str, holding: list[tuple[str, str | None]], asked: str) -> Refusal | None:
    """Return the reason why tables that contain a message must not be used; None if no table contains it."""
    if not holding:
        return None
    versions = sorted({version for _, version in holding if version is not None})
    if versions:
        why = f"{holding[0][0]} is there of Windows {', '.join(versions[:8])}, and not of Windows {asked}"
        return Refusal("message_version", database, f"{why}: events of another Windows get no message from it")
    how = f"if its messages are those of Windows {asked}, say so: --messages {database}@{asked}"
    return Refusal(
        "message_version_unknown",
        database,
        f"does not say of which Windows its message of {holding[0][0]} is, so events get none from it; {how}",
    )


def _base_name(path: object) -> str:
    return str(path or "").replace("/", "\\").rpartition("\\")[2].lower()


def _listed(value: object) -> list[str]:
    """Parse a list that is stored as JSON, or return a single text as a list."""
    if not isinstance(value, str) or not value:
        return []
    try:
        items = json.loads(value)
    except (ValueError, RecursionError):
        return [value]
    return [item for item in items if isinstance(item, str)] if isinstance(items, list) else [value]


def _text(rows: list[tuple[Any, ...]]) -> str | None:
    return rows[0][0] if rows and isinstance(rows[0][0], str) else None
