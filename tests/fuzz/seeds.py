"""Sound inputs of every kind, made by the tests' own writers or taken from the sample hosts."""

import io
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path

import exportwriters
import text_writers
from message_files import DHCP_2000, container_store, message_file, winevt_kb, winevt_rc
from sample_writer.evt import saved_log
from sample_writer.evtx import evtx_log
from sample_writer.regf import write_hive

ROOT = Path(__file__).parents[2]
_LONGEST = 200_000


def _files(*patterns: str) -> list[bytes]:
    found = (path for pattern in patterns for path in sorted((ROOT / "samples").glob(pattern)))
    return [path.read_bytes()[:_LONGEST] for path in found]


def _corpus(*patterns: str) -> list[bytes]:
    """The beginnings of real files, where the corpus is at hand (EVTSCAN_CORPUS)."""
    folder = Path(os.environ.get("EVTSCAN_CORPUS") or ROOT.parent / "shared" / "corpus")
    found = (path for pattern in patterns for path in sorted(folder.glob(pattern)) if path.is_file())
    return [path.read_bytes()[: 0x1000 + 0x20000] for path in found]


@cache
def events() -> list[exportwriters.Event]:
    """The events that the writers of exports write."""
    with tempfile.TemporaryDirectory() as folder:
        return exportwriters.events_of(exportwriters.SAMPLES, Path(folder))


def evtx() -> list[bytes]:
    """Binary logs of Vista and later."""
    return [evtx_log(exportwriters.SAMPLES), *_files("hosts/*/System.evtx"), *_corpus("evtx/**/*.evtx")]


def evt() -> list[bytes]:
    """Binary logs of Windows NT to 2003."""
    return [saved_log(text_writers.STORY), *_files("hosts/*/*.Evt"), *_corpus("evt/**/*.evt", "evt/**/*.Evt")]


def hive() -> list[bytes]:
    """Registry hives."""
    small = write_hive({"Select": {"Current": 1}, "ControlSet001": {"Services": {"a": {"Start": 2}}}}, written=1)
    return [small, *_files("sources/regf/S*", "nt4/FILESRV2/S*")]


def texts(*names: str) -> Callable[[], list[bytes]]:
    """Files of the sample hosts."""
    return lambda: _files(*names)


def xml() -> list[bytes]:
    """Exports as XML."""
    return [exportwriters.wevtutil(events()).encode(), exportwriters.viewer(events()).encode("utf-16")]


def clixml() -> list[bytes]:
    """``Export-Clixml`` of Get-WinEvent."""
    return [exportwriters.clixml(events()).encode()]


_JSON = (
    *("evtx_dump", "chainsaw", "velociraptor", "winlogbeat", "get_winevent_json", "get_eventlog_json"),
    *("velociraptor_row", "evtxecmd", "evtxecmd_whole", "xmltodict"),
)


def event_json() -> list[bytes]:
    """Events as JSON of every program."""
    lines = [exportwriters.lines(getattr(exportwriters, name)(event) for event in events()) for name in _JSON]
    hunts = [json.dumps(exportwriters.chainsaw_hunt(events())), exportwriters.elasticsearch(events())]
    return [text.encode() for text in (*lines, *hunts)]


def csv() -> list[bytes]:
    """Tables of every program."""
    story = text_writers.STORY
    tables = (text_writers.get_winevent(story), text_writers.get_eventlog(story), text_writers.log_parser(story))
    own = (exportwriters.evtxecmd_csv(events()), exportwriters.dump_csv(events()))
    return [text.encode() for text in (*tables, *own)]


def text_logs() -> list[bytes]:
    """Lists of every viewer."""
    writers: Iterable[Callable[..., str]] = (
        text_writers.viewer,
        text_writers.viewer_list,
        text_writers.dumpel,
        text_writers.psloglist,
        text_writers.psloglist_rows,
        text_writers.wevtutil,
        text_writers.event_viewer,
    )
    return [write(text_writers.STORY).encode() for write in writers]


def message_program() -> list[bytes]:
    """DLLs with message tables."""
    return [message_file(DHCP_2000), message_file({0x409: DHCP_2000, 0x407: DHCP_2000}, None)]


def message_databases() -> list[bytes]:
    """SQLite files of message texts."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = (
            winevt_kb(folder, tables={"5.0.2195.1": DHCP_2000}),
            winevt_rc(folder / "rc.db", messages=DHCP_2000),
            container_store(folder / "store.db", files=[("dhcpcsvc.dll", "5.0.2195.1", DHCP_2000)]),
        )
        return [path.read_bytes() for path in made] + [(folder / "dhcpcsvc.dll.db").read_bytes()]


def rules() -> list[bytes]:
    """Rules of the catalogue, and a correlation."""
    files = sorted((ROOT / "rules").rglob("*.yml"))
    plain = [path.read_bytes() for path in files[:: max(len(files) // 40, 1)]]
    return plain + [data for path in files if b"correlation:" in (data := path.read_bytes())][:10]


def sevenzips() -> list[bytes]:
    """7z archives of several coders; none where the extra is not installed."""
    try:
        import py7zr
    except ImportError:
        return []
    chosen = (
        None,
        [{"id": py7zr.FILTER_BZIP2}],
        [{"id": py7zr.FILTER_COPY}],
        [{"id": py7zr.FILTER_X86}, {"id": py7zr.FILTER_LZMA2, "preset": 0}],
        [{"id": py7zr.FILTER_DELTA}, {"id": py7zr.FILTER_LZMA, "preset": 0}],
        [{"id": py7zr.FILTER_ARM}, {"id": py7zr.FILTER_LZMA2, "preset": 0}],
    )
    found = []
    for filters in chosen:
        stream = io.BytesIO()
        with py7zr.SevenZipFile(stream, "w", filters=filters) as archive:
            archive.writestr(saved_log(text_writers.STORY), "a/System.evt")
            archive.writestr(b"os.version: '4.0'\n", "facts.yaml")
        found.append(stream.getvalue())
    return found


FLEET = "Host;os.version;os.service_pack;component.ras\nNTWS07;4.0;2;true\nNTWS08;5.0;absent;false\n"
ACCEPT_YAML = (
    "- {host: NTWS07, article: Q162396, until: 2031-01-31, reason: replaced in spring}\n- {host: '*', id: x}\n"
)
ACCEPT_CSV = "host,article,until,reason\nNTWS07,Q162396,2031-01-31,replaced\n*,Q1,2030-01-01,\n"
FACTS = "os.version: '4.0'\nos.service_pack: {value: 2, since: 1998-03-01, source: winver}\nhotfix: [Q1, Q246009]\n"


def stated(*contents: str) -> Callable[[], list[bytes]]:
    """Texts that people write."""
    return lambda: [text.encode() for text in contents]


@cache
def reports() -> list[bytes]:
    """Saved reports, made of the sample hosts."""
    from tests.fuzz.targets import run_cli

    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "report.json"
        run_cli("audit", str(ROOT / "samples" / "hosts"), "-q", "-j", "1", "-o", str(out))
        written = out.read_bytes()
    whole = json.loads(written)
    few = [{**whole, "hosts": [host]} for host in whole["hosts"][:6]]
    return [json.dumps(one).encode() for one in (*few, {**whole, "hosts": whole["hosts"][:3]})] + [written]


Seeds = Mapping[str, Callable[[], list[bytes]]]
