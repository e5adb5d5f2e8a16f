"""Report → Markdown for tickets: what to do first, then a section for each finding, with its steps as a check list.

Text from evidence is escaped, so that it creates no markup, HTML or links (CommonMark and GitHub's form).
"""

import re
import zlib
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from evtscan.base.model.finding import NEW, STATUSES, Verdict
from evtscan.base.model.rule import QUIET_KINDS
from evtscan.base.safetext import prose
from evtscan.report.model import Report
from evtscan.reporters.digest.hosts import Digest, findings_shown
from evtscan.reporters.digest.remedies import Remedy
from evtscan.reporters.digest.summary import HostSummary, ReportedFinding
from evtscan.reporters.text.explanation import as_text
from evtscan.reporters.text.phrases import (
    changes_before,
    count,
    coverage,
    in_short,
    logged,
    named,
    system_of,
    verdict_counts,
    word,
)

REMEDIES_SHOWN = 20
"""How many remedies the beginning lists; each stands in full with its findings."""

NAMES_SHOWN = 10
"""How many hosts a remedy names."""

_PIECE = 1 << 20  # bytes that are unpacked at a time
_ACTIVE = re.compile(r"[\\`*_\[\]|~$]")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "@": "&#64;"}
_ENTITY = re.compile("[&<>@]")
_LINK = re.compile(r"(?<=[A-Za-z]):(?=//)|(?<=\bwww)\.", re.IGNORECASE)
_FIRST = re.compile(r"^([#+=-]|\d+(?=[.)]))")


class MarkdownSink:
    """Collects the sections of all hosts, compressed, then writes them after a beginning that needs all hosts."""

    def __init__(self, report: Report, stream: BinaryIO) -> None:
        self._stream = stream
        self._digest = Digest()
        self._packing = zlib.compressobj()
        self._sections = bytearray()

    def add(self, summary: HostSummary) -> None:
        """Add the sections of one host."""
        self._digest.add(summary)
        self._sections += self._packing.compress("".join(f"{line}\n" for line in _host(summary)).encode("utf-8"))

    def close(self) -> None:
        """Write the beginning, then the sections."""
        self._stream.write("".join(f"{line}\n" for line in _beginning(self._digest)).encode("utf-8"))
        self._sections += self._packing.flush()
        unpacking = zlib.decompressobj()
        packed = bytes(self._sections)
        while packed:
            self._stream.write(unpacking.decompress(packed, _PIECE))
            packed = unpacking.unconsumed_tail
        self._stream.write(unpacking.flush())


def sink(report: Report, stream: BinaryIO) -> MarkdownSink:
    """Return a sink that writes a report."""
    return MarkdownSink(report, stream)


def escaped(text: str) -> str:
    r"""Return text from evidence on one line, escaped so that Markdown shows it unchanged.

    >>> print(escaped("<b> *x* https://example.org"))
    &lt;b&gt; \*x\* https&#58;//example.org
    """
    text = _ACTIVE.sub(r"\\\g<0>", prose(text))
    text = _ENTITY.sub(lambda found: _ENTITIES[found[0]], text)
    text = _LINK.sub(lambda found: f"&#{ord(found[0])};", text)
    return _FIRST.sub(lambda found: f"&#{ord(found[0][0])};{found[0][1:]}", text)


def _beginning(digest: Digest) -> Iterator[str]:
    yield "# Windows event logs: findings"
    yield ""
    yield f"{count(digest.hosts, 'host')}, {digest.with_findings:,} with findings."
    counts = [(verdict, digest.counts[verdict]) for verdict in Verdict if digest.counts[verdict]]
    if counts:
        yield ""
        yield f"| {' | '.join(word(verdict) for verdict, _ in counts)} |"
        yield f"|{' ---: |' * len(counts)}"
        yield f"| {' | '.join(f'{number:,}' for _, number in counts)} |"
    if digest.statuses.keys() - {NEW}:
        yield ""
        yield ", ".join(f"{digest.statuses[status]:,} {status}" for status in STATUSES if digest.statuses[status]) + "."
    yield from _remedies(digest.remedies.ranked())
    yield from _needs(digest)
    yield ""


def _remedies(found: list[Remedy]) -> Iterator[str]:
    if found:
        yield from ("", "## Do first", "")
    for remedy in found[:REMEDIES_SHOWN]:
        title = ", ".join(part for part in (remedy.rule.article, remedy.rule.title or remedy.rule.id) if part)
        hosts = f"{count(len(remedy.hosts), 'host')}: {escaped(named(remedy.hosts, NAMES_SHOWN))}"
        verdicts = ", ".join(text for _, text in verdict_counts(remedy.verdicts))
        yield f"- [ ] **{escaped(title)}** ({verdicts}, {escaped(remedy.rule.level)}) on {hosts}"
    if len(found) > REMEDIES_SHOWN:
        yield f"- and {len(found) - REMEDIES_SHOWN:,} more, below"


def _needs(digest: Digest) -> Iterator[str]:
    found = digest.needs.ranked()
    if found:
        yield from ("", "## Collect next", "")
    for need in found:
        decides = f"{count(len(need.findings), 'finding')} on {count(len(need.hosts), 'host')}"
        yield f"- [ ] **{escaped(need.fact or 'To ask or to export')}**, helps to decide {decides}"
        yield from (f"    - {escaped(way)}" for way in need.ways)


def _host(summary: HostSummary) -> Iterator[str]:
    found = findings_shown(summary, show_all=False)
    if not found:
        return
    computer = summary.host.computer
    also = f" ({escaped(computer)})" if computer and computer != summary.host.host else ""
    yield f"## {escaped(summary.host.host)}{also}: {escaped(system_of(summary.host))}"
    yield ""
    for item in found:
        yield from _finding(item)


def _finding(item: ReportedFinding) -> Iterator[str]:
    finding, rule = item.finding, item.rule
    title = ", ".join(part for part in (rule.article, rule.title or rule.id) if part)
    yield f"### {word(item.verdict).capitalize()}: {escaped(title)}"
    yield ""
    yield from _labelled("Finding", [in_short(item)])
    yield from _labelled("Why", [finding.reason])
    yield from _labelled("Evidence", [logged(finding), coverage(finding)])
    yield from _labelled("Cause", [rule.cause])
    yield from _labelled("May follow from", item.consequence_of)
    yield from _labelled("Changes before", list(changes_before(finding)))
    yield from _labelled("References", list(rule.references))
    if finding.explanation is not None:
        yield from _fenced(as_text(finding.explanation))
    if item.verdict in (Verdict.EXCLUDED, Verdict.RESOLVED) or rule.kind in QUIET_KINDS:
        return
    yield from _check_list("What to do", finding.remedy)
    yield from _check_list("What is missing", finding.missing_facts)
    yield from _check_list("How to get it", finding.how_to_get)


def _labelled(label: str, texts: Iterable[str]) -> Iterator[str]:
    found = [escaped(text) for text in texts if text]
    if found:
        yield f"**{label}.** {'; '.join(found)}"
        yield ""


def _check_list(label: str, texts: Iterable[str]) -> Iterator[str]:
    found = [escaped(text) for text in texts if text]
    if found:
        yield f"**{label}**"
        yield ""
        yield from (f"- [ ] {text}" for text in found)
        yield ""


def _fenced(text: str) -> Iterator[str]:
    """Return unchanged text in a code fence that is longer than any run of back quotes in it."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    yield from (fence, *text.splitlines(), fence, "")
