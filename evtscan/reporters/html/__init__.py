"""Report → ``report.html``: one page that opens with a double click, needs no network, and suits ten thousand hosts.

The page contains its data as base64 of deflated JSON, so that no text from evidence is ever part of the markup. The
script in the page displays data only as text nodes. A content security policy permits only this script and this style
sheet, by their digests, and permits no network request.
"""

import re
from base64 import b64encode
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import BinaryIO

from evtscan.report.model import Report
from evtscan.reporters.digest.summary import HostSummary
from evtscan.reporters.html.content import Content

SCRIPTS = ("text", "dom", "data", "table", "strip", "picture", "ticket", "overview", "lists", "pages", "app")
"""The modules of the page's program, in the order in which they are joined: a module that runs code comes last.

They are JavaScript modules with imports and exports, so that a linter checks each (``nox -s page``). ``_script`` joins
them into one scope, because a page that is opened from a file cannot load modules.
"""

_MODULE_LINE = re.compile(
    r'^import \{[^}]*\} from "\./(?:[a-z]+)\.js";\n|^export (?=async |function|class|const|let)', re.MULTILINE
)


class HtmlSink:
    """Collects the content of the page from all hosts, then writes the page."""

    def __init__(self, report: Report, stream: BinaryIO) -> None:
        self._content = Content(report)
        self._stream = stream

    def add(self, summary: HostSummary) -> None:
        """Add a host to the content of the page."""
        self._content.add(summary)

    def close(self) -> None:
        """Write the page."""
        self._content.close()
        for piece in _page(self._content):
            self._stream.write(piece.encode("utf-8"))


def sink(report: Report, stream: BinaryIO) -> HtmlSink:
    """Return a sink that writes a report as one HTML page in UTF-8.

    Raises:
        OSError: if the stream cannot be written.
    """
    return HtmlSink(report, stream)


def _page(content: Content) -> Iterator[str]:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader(__name__),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    style, script = _style(), _script()
    return environment.get_template("page.html").generate(
        style=style,
        script=script,
        style_digest=_digest(style),
        script_digest=_digest(script),
        index=_base64(content.index),
        parts=map(_base64, content.parts),
    )


def _base64(data: bytes) -> str:
    return b64encode(data).decode("ascii")


def _digest(text: str) -> str:
    return b64encode(sha256(text.encode("utf-8")).digest()).decode("ascii")


@cache
def _style() -> str:
    return _file("style.css")


@cache
def _script() -> str:
    parts = "\n".join(_MODULE_LINE.sub("", _file(f"{name}.js")) for name in SCRIPTS)
    return f'"use strict";\n(() => {{\n{parts}}})();\n'


def _file(name: str) -> str:
    return files(__name__).joinpath("static", name).read_text("utf-8")
