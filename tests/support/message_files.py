"""Message files and databases of message texts, written where a test wants them.

The layouts are those of winnt.h (PE headers, resource directory, ``MESSAGE_RESOURCE_DATA``, ``VS_VERSIONINFO``) and of
the databases that ``evtscan.messages.winevtrc`` describes.
"""

import json
import sqlite3
import struct

RSRC = 0x1000
HEADERS = 512
VERSION_RESOURCE, MESSAGE_TABLE = 16, 11
ENGLISH = 0x0409

DHCP_2000 = {
    0x3ED: "The IP address %1 for the card with network address %2 is already in use.\r\n",
    0x3F0: "The DHCP client could not initialise a network interface. The error code is in the data: %1.\r\n",
}


def message_table(messages, *, flags=1, encoding="utf-16-le"):
    """``MESSAGE_RESOURCE_DATA``: a block for each run of identifiers."""
    runs = []
    for identifier in sorted(messages):
        if runs and runs[-1][-1] == identifier - 1:
            runs[-1].append(identifier)
        else:
            runs.append([identifier])
    place = 4 + 12 * len(runs)
    blocks, entries = [struct.pack("<I", len(runs))], []
    for run in runs:
        blocks.append(struct.pack("<3I", run[0], run[-1], place))
        for identifier in run:
            text = (messages[identifier] + "\0").encode(encoding)
            text += bytes(-len(text) % 4)
            entries.append(struct.pack("<2H", 4 + len(text), flags) + text)
            place += len(entries[-1])
    return b"".join(blocks + entries)


def version_resource(version, product):
    """``VS_VERSIONINFO`` with a fixed part and, if ``product`` is given, a ProductName."""
    high, low = version[0] << 16 | version[1], version[2] << 16 | version[3]
    fixed = struct.pack("<13I", 0xFEEF04BD, 0x10000, high, low, high, low, 0x3F, 0, 0x40004, 2, 0, 0, 0)
    children = b""
    if product:
        name = _block("ProductName", f"{product}\0".encode("utf-16-le"), text=True)
        children = _block("StringFileInfo", children=_block("040904B0", children=name, text=True), text=True)
    return _block("VS_VERSION_INFO", fixed, children)


def _block(key, value=b"", children=b"", *, text=False):
    head = _padded(bytes(6) + f"{key}\0".encode("utf-16-le"))
    body = _padded(head + value) + children if children else head + value
    return struct.pack("<3H", len(body), len(value) // 2 if text else len(value), text) + body[6:]


def _padded(raw):
    return raw + bytes(-len(raw) % 4)


def resource_section(resources):
    """A resource directory of three levels: {type: {language: bytes}}, one name each."""
    types = sorted(resources)
    size = 16 + 8 * len(types) + sum(16 + 8 + 16 + (8 + 16) * len(resources[kind]) for kind in types)
    top, below, leaves, data = [], [], [], []
    names_at = 16 + 8 * len(types)
    languages_at = names_at + 24 * len(types)
    leaves_at = languages_at + sum(16 + 8 * len(resources[kind]) for kind in types)
    data_at = size
    top.append(_directory(len(types)))
    languages = []
    for kind in types:
        top.append(struct.pack("<II", kind, 0x80000000 | names_at))
        below.append(_directory(1) + struct.pack("<II", 1, 0x80000000 | languages_at))
        names_at += 24
        entries = [_directory(len(resources[kind]))]
        for language, raw in sorted(resources[kind].items()):
            entries.append(struct.pack("<II", language, leaves_at))
            leaves.append(struct.pack("<4I", RSRC + data_at, len(raw), 0, 0))
            leaves_at += 16
            data.append(_padded(raw))
            data_at += len(data[-1])
        languages_at += 16 + 8 * len(resources[kind])
        languages.append(b"".join(entries))
    return b"".join(top + below + languages + leaves + data)


def _directory(entries):
    return struct.pack("<IIHHHH", 0, 0, 0, 0, 0, entries)


def program_file(resources):
    """A PE file of one section, which holds these resources."""
    section = resource_section(resources)
    size = len(section)
    section += bytes(-size % 512)
    directories = [(0, 0)] * 16
    directories[2] = (RSRC, size)
    optional = struct.pack("<HBBIIIIIIIIIHHHHHHIIIIHHIIIIII", 0x10B, 3, 10, 0, 0, 0, 0, 0, 0, 0x10000, 0x1000, 512,
                           4, 0, 4, 0, 4, 0, 0, RSRC + len(section), HEADERS, 0, 2, 0, 0, 0, 0, 0, 0, 16)  # fmt: skip
    optional += b"".join(struct.pack("<II", *entry) for entry in directories)
    head = b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0"
    head += struct.pack("<HHIIIHH", 0x14C, 1, 0, 0, 0, len(optional), 0x2102) + optional
    head += struct.pack("<8sIIIIIIHHI", b".rsrc", size, RSRC, len(section), HEADERS, 0, 0, 0, 0, 0x40000040)
    return head.ljust(HEADERS, b"\0") + section


def message_file(messages, version=(5, 0, 2195, 6685), product="Microsoft(R) Windows (R) 2000 Operating System"):
    """A message file: ``messages`` by identifier, or by language and identifier."""
    by_language = messages if all(isinstance(item, dict) for item in messages.values()) else {ENGLISH: messages}
    resources = {MESSAGE_TABLE: {language: message_table(table) for language, table in by_language.items()}}
    if version:
        resources[VERSION_RESOURCE] = {ENGLISH: version_resource(version, product)}
    return program_file(resources)


def winevt_kb(folder, *, provider="Dhcp", file="dhcpcsvc.dll", tables, parameter_tables=None):
    """``winevt-kb.db`` with a database for each message file; tables are {version: {identifier: text}}."""
    main = sqlite3.connect(folder / "winevt-kb.db")
    main.executescript(
        "CREATE TABLE event_log_providers (event_log_provider_key INTEGER PRIMARY KEY, log_source TEXT, log_type TEXT, "
        "provider_guid TEXT);"
        "CREATE TABLE message_files (message_file_key INTEGER PRIMARY KEY, message_filename TEXT, "
        "database_filename TEXT);"
        "CREATE TABLE message_file_per_event_log_provider (message_file_key INTEGER, message_file_type TEXT, "
        "event_log_provider_key INTEGER);"
    )
    main.execute("INSERT INTO event_log_providers VALUES (1, ?, 'System', NULL)", [provider])
    named = [(1, file, "event", tables), (2, "kernel32.dll", "parameter", parameter_tables or {})]
    for key, name, role, versions in named:
        path = f"%systemroot%\\system32\\{name}"
        main.execute("INSERT INTO message_files VALUES (?, ?, ?)", [key, path, f"{name}.db"])
        main.execute("INSERT INTO message_file_per_event_log_provider VALUES (?, ?, 1)", [key, role])
        companion = sqlite3.connect(folder / f"{name}.db")
        for version, messages in versions.items():
            table = f"message_table_0x00000409_{version.replace('.', '_')}"
            companion.execute(f"CREATE TABLE {table} (message_identifier TEXT, message_string TEXT)")
            rows = [(f"0x{identifier:08x}", text) for identifier, text in messages.items()]
            companion.executemany(f"INSERT INTO {table} VALUES (?, ?)", rows)
        companion.commit()
        companion.close()
    main.commit()
    main.close()
    return folder / "winevt-kb.db"


def winevt_rc(path, *, provider="Dhcp", messages, string_format="wrc"):
    """``winevt-rc.db`` of version 20150315."""
    database = sqlite3.connect(path)
    database.executescript(
        "CREATE TABLE metadata (name TEXT, value TEXT);"
        "CREATE TABLE event_log_providers (event_log_provider_key INTEGER PRIMARY KEY, log_source TEXT, "
        "provider_guid TEXT);"
        "CREATE TABLE message_files (message_file_key INTEGER PRIMARY KEY, path TEXT);"
        "CREATE TABLE message_file_per_event_log_provider (message_file_key INTEGER, message_file_type TEXT, "
        "event_log_provider_key INTEGER);"
        "CREATE TABLE message_table_7_0x00000407 (message_identifier TEXT, message_string TEXT);"
        "CREATE TABLE message_table_7_0x00000409 (message_identifier TEXT, message_string TEXT);"
        "INSERT INTO message_files VALUES (7, '%SystemRoot%\\System32\\dhcpcsvc.dll');"
        "INSERT INTO message_file_per_event_log_provider VALUES (7, 'event', 3);"
    )
    database.executemany(
        "INSERT INTO metadata VALUES (?, ?)", [("version", "20150315"), ("string_format", string_format)]
    )
    database.execute("INSERT INTO event_log_providers VALUES (3, ?, NULL)", [provider])
    for identifier, text in messages.items():
        key = f"0x{identifier:08x}"
        database.execute("INSERT INTO message_table_7_0x00000407 VALUES (?, ?)", [key, f"(deutsch) {text}"])
        database.execute("INSERT INTO message_table_7_0x00000409 VALUES (?, ?)", [key, text])
    database.commit()
    database.close()
    return path


def container_store(path, *, provider="Dhcp", files):
    """``winevt-rc.db`` of version 20240929; files are (name, product version, {identifier: text})."""
    database = sqlite3.connect(path)
    database.executescript(
        "CREATE TABLE metadata (key TEXT, value TEXT);"
        "INSERT INTO metadata VALUES ('format_version', '20240929'), ('string_format', 'wrc');"
        "CREATE TABLE winevtrc_eventlog_provider (_identifier INTEGER PRIMARY KEY, name TEXT, log_sources TEXT, "
        "event_message_files TEXT, parameter_message_files TEXT, windows_version TEXT);"
        "CREATE TABLE winevtrc_message_file (_identifier INTEGER PRIMARY KEY, file_version TEXT, product_version TEXT, "
        "windows_path TEXT, windows_version TEXT);"
        "CREATE TABLE winevtrc_message_table (_identifier INTEGER PRIMARY KEY, _message_file_identifier TEXT, "
        "language_identifier INTEGER);"
        "CREATE TABLE winevtrc_message_string (_identifier INTEGER PRIMARY KEY, _message_table_identifier TEXT, "
        "language_identifier TEXT, message_identifier INTEGER, text TEXT);"
    )
    paths = json.dumps(sorted({f"%SystemRoot%\\System32\\{name}" for name, _, _ in files}))
    database.execute(
        "INSERT INTO winevtrc_eventlog_provider VALUES (1, NULL, ?, ?, '[]', NULL)", [json.dumps([provider]), paths]
    )
    for number, (name, version, messages) in enumerate(files, 1):
        path_ = f"%SystemRoot%\\System32\\{name}"
        database.execute("INSERT INTO winevtrc_message_file VALUES (?, NULL, ?, ?, NULL)", [number, version, path_])
        table = f"winevtrc_message_file.{number}"
        database.execute("INSERT INTO winevtrc_message_table VALUES (?, ?, 1033)", [number, table])
        rows = [(f"winevtrc_message_table.{number}", identifier, text) for identifier, text in messages.items()]
        database.executemany(
            "INSERT INTO winevtrc_message_string (_message_table_identifier, message_identifier, text) "
            "VALUES (?, ?, ?)",
            rows,
        )
    database.commit()
    database.close()
    return path
