"""Make the sample hosts and the tables of ``README.md``, or check that they are what this script would make.

python samples/make.py
python samples/make.py --check
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from sample_hosts.hosts import HOSTS, folder_of
from sample_hosts.sources import SOURCES

FOLDER = Path(__file__).parent
_FOLDERS: Mapping[str, Mapping[str, Callable[[], dict[str, bytes]]]] = {
    "hosts": {name: files for name, files in HOSTS.items() if folder_of(name) == "hosts"},
    "nt4": {name: files for name, files in HOSTS.items() if folder_of(name) == "nt4"},
    "sources": SOURCES,
}
_END = "<!-- end -->\n"


def sample_files() -> Iterator[tuple[str, bytes]]:
    """Every file of every host: its path below this folder and its bytes."""
    for folder, hosts in _FOLDERS.items():
        for host, files in hosts.items():
            for name, content in files().items():
                yield f"{folder}/{host}/{name}", content


def host_table(manifest: Mapping[str, Any]) -> str:
    """The hosts of the manifest as a table in Markdown."""
    rows = ["| host | what it is | findings |", "| --- | --- | --- |"]
    for host, entry in sorted(manifest.items(), key=lambda item: (folder_of(item[0]), item[0])):
        found = "; ".join(f"{_called(finding)} `{finding['verdict']}`" for finding in entry["findings"]) or "none"
        rows.append(f"| `{folder_of(host)}/{host}` | {' '.join(entry['what'].split())} | {found} |")
    return "\n".join(rows) + "\n"


def _called(finding: Mapping[str, Any]) -> str:
    return str(finding.get("article") or finding["rule"])


def source_table(manifest: Mapping[str, Any]) -> str:
    """The sources of their manifest as a table in Markdown."""
    rows = ["| source | what was collected | Q162396 | still unknown |", "| --- | --- | --- | --- |"]
    for name, entry in manifest["sources"].items():
        missing = ", ".join(f"`{fact}`" for fact in entry["missing"]) or "nothing"
        rows.append(f"| `{name}` | {' '.join(entry['what'].split())} | `{entry['verdict']}` | {missing} |")
    return "\n".join(rows) + "\n"


def with_table(readme: str, name: str, table: str) -> str:
    """The readme with the generated part of this name replaced."""
    begin = f"<!-- generated: {name} -->\n"
    before, _, rest = readme.partition(begin)
    after = rest.partition(_END)[2]
    return f"{before}{begin}{table}{_END}{after}"


def wanted_files() -> dict[Path, bytes]:
    """Everything that this script makes."""
    wanted = {FOLDER / name: content for name, content in sample_files()}
    readme = FOLDER / "README.md"
    text = with_table(readme.read_text(encoding="utf-8"), "hosts", host_table(_manifest("manifest.yaml")))
    text = with_table(text, "sources", source_table(_manifest("sources.yaml")))
    return {**wanted, readme: text.encode("utf-8")}


def _manifest(name: str) -> Any:
    return yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))


def differences(wanted: Mapping[Path, bytes]) -> Iterator[str]:
    """What on disk is missing, different, or too much, one line each."""
    for path, content in wanted.items():
        name = path.relative_to(FOLDER).as_posix()
        if not path.is_file():
            yield f"{name}: missing"
        elif path.read_bytes() != content:
            yield f"{name}: different"
    present = (path for folder in _FOLDERS for path in (FOLDER / folder).rglob("*") if path.is_file())
    yield from (f"{path.relative_to(FOLDER).as_posix()}: not made here" for path in present if path not in wanted)


def main() -> int:
    parser = argparse.ArgumentParser(description="Make the sample hosts.")
    parser.add_argument("--check", action="store_true", help="write nothing; say what differs")
    check = parser.parse_args().check
    wanted = wanted_files()
    if not check:
        for path, content in wanted.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    problems = list(differences(wanted))
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
