"""Text of an XML export → its records one by one, each an element tree; damage affects only one record.

A file is split at the beginnings of records, and each record is parsed separately: earlier text cannot affect it, there
is no document type that could define entities, and memory is bounded by the longest record.
"""

import re
from collections.abc import Iterable, Iterator

from lxml import etree

from evtscan.parsers.logs.evtx.document import Node

LONGEST_RECORD = 4 << 20
"""Bytes of one record: BinXML of at most 64 KiB and a rendered message, both escaped."""
LONGEST_TAG = 1 << 12
"""Bytes of the markup by which the beginning of a record is recognised."""
MOST_ATTRIBUTES = 256
"""Attributes of one element; Windows writes no more than ten. If an element has more, none is used."""
MOST_NAMESPACES = 256
"""Namespaces with a prefix that a record declares; Windows writes one or two."""


def _parser(*, recover: bool) -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        encoding="utf-8",
        recover=recover,
    )


_STRICT, _LENIENT = _parser(recover=False), _parser(recover=True)

_HIDING_PLACE = 0xF0000
"""Start of the private characters that replace characters not allowed in XML, while lxml parses the text."""
_XML_NAMESPACE = "http://www.w3.org/XML/1998/namespace"
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_HIDDEN = re.compile("[\U000f0000-\U000f001f\U000ffffe\U000fffff]")
_NUMBERED = re.compile(r"&#(?:x([0-9a-fA-F]{1,8})|([0-9]{1,8}));")
_REFERENCE = re.compile(r"&(?:#x([0-9a-fA-F]{1,8});|#([0-9]{1,8});|(lt|gt|amp|quot|apos);)?")
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'"}
_HALF = re.compile("[\ud800-\udfff]")


def pieces(blocks: Iterable[bytes], begins: re.Pattern[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Split a file at the matches of ``begins``; yield each piece, and whether it begins with a match.

    The concatenated pieces equal the file. A piece longer than ``LONGEST_RECORD`` is split there.
    """
    pending, searched = b"", 0
    is_record = False
    for block in blocks:
        pending += block
        cut = 0
        for match in begins.finditer(pending, searched):
            start = match.start()
            if start > cut:
                yield pending[cut:start], is_record
            cut, is_record = start, True
        pending = pending[cut:]
        while len(pending) > LONGEST_RECORD:
            yield pending[:LONGEST_RECORD], is_record
            pending, is_record = pending[LONGEST_RECORD:], False
        searched = max(len(pending) - LONGEST_TAG, 1 if is_record else 0)
    if pending:
        yield pending, is_record


def parse(text: str) -> tuple[Node | None, str]:
    """Return the tree of one element, and the reason why only a part could be parsed (empty if complete).

    Characters that XML forbids are kept, and so are carriage returns, which an XML parser would convert to line feeds:
    Windows writes values unescaped.
    """
    hidden = _NUMBERED.sub(_hide_reference, text) if "&#" in text else text
    hidden = _UNFIT.sub(lambda match: chr(_HIDING_PLACE + ord(match[0])), hidden)
    root, reason = _parsed(hidden)
    if root is None:
        return None, reason
    tree = _Tree(has_prefixes=text.count("xmlns:") <= MOST_NAMESPACES)
    node = tree.node(root)
    return node, reason or tree.flaw


def _parsed(text: str) -> "tuple[etree._Element | None, str]":
    """Return the root element, and the reason why the text is not well-formed (empty if it is).

    The root of a text that is not well-formed contains the readable part.
    """
    for candidate in dict.fromkeys((text.replace("\r", "&#13;"), text)):
        try:
            return etree.fromstring(candidate.encode("utf-8", "replace"), _STRICT), ""
        except etree.XMLSyntaxError as error:
            reason = error.msg or "not well-formed"
    try:
        return etree.fromstring(text.encode("utf-8", "replace"), _LENIENT), reason
    except etree.XMLSyntaxError:
        return None, reason


def _hide_reference(match: re.Match[str]) -> str:
    code = int(match[1], 16) if match[1] else int(match[2])
    if code < 0x110000 and _UNFIT.match(chr(code)):
        return chr(_HIDING_PLACE + code)
    return match[0]


class _Tree:
    """Converts the elements of one text to nodes; ``flaw`` describes omitted parts, and is empty if there are none.

    The time that lxml needs is quadratic in the number of attributes of an element, and of namespaces in scope.
    """

    def __init__(self, *, has_prefixes: bool) -> None:
        self._prefixes = {_XML_NAMESPACE: "xml"}
        self._has_prefixes = has_prefixes
        self.flaw = "" if has_prefixes else f"more than {MOST_NAMESPACES} namespaces"

    def node(self, element: "etree._Element") -> Node:
        """Convert an element with everything below it."""
        text = element.text or ""
        children = []
        for child in element:
            if isinstance(child.tag, str):  # an entity that is not defined is not an element
                children.append(self.node(child))
            text += child.tail or ""
        if not text.isascii():
            text = _shown(text)
        if text[:1] in ("\r", "\n") and text.isspace():  # what a pretty printer puts into an empty element
            text = ""
        name = str(element.tag).rpartition("}")[2]
        prefix = f"{element.prefix}:" if element.prefix else ""
        return Node(prefix + name, self._attributes(element), text, tuple(children))

    def _attributes(self, element: "etree._Element") -> dict[str, str]:
        count = len(element.attrib)
        if count > MOST_ATTRIBUTES:
            self.flaw = f"an element with more than {MOST_ATTRIBUTES} attributes"
            return {}
        if not count:
            return {}
        return {self._attribute_name(str(key), element): _shown(str(value)) for key, value in element.attrib.items()}

    def _attribute_name(self, qualified: str, element: "etree._Element") -> str:
        """Convert ``{namespace}name`` to the form in the text: with its prefix."""
        namespace, brace, name = qualified.rpartition("}")
        if not brace:
            return name
        namespace = namespace[1:]
        if namespace not in self._prefixes and self._has_prefixes:
            self._prefixes |= {uri: prefix for prefix, uri in element.nsmap.items() if prefix}
        return f"{self._prefixes.get(namespace, '')}:{name}"


def _shown(text: str) -> str:
    return _HIDDEN.sub(lambda match: chr(ord(match[0]) - _HIDING_PLACE), text)


def unescape(text: str) -> str:
    """Replace the references in a text by their characters.

    Raises:
        ValueError: if an ampersand does not begin a reference that XML itself defines.
    """
    plain = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&apos;", "'")
    if plain.count("&") == plain.count("&amp;"):
        return plain.replace("&amp;", "&")
    plain = _REFERENCE.sub(_character, text)
    if _HALF.search(plain):
        return plain.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return plain


def _character(match: re.Match[str]) -> str:
    if match[3]:
        return _NAMED[match[3]]
    if match.end() - match.start() == 1:
        raise ValueError("an ampersand that begins no reference")
    return chr(int(match[1], 16) if match[1] else int(match[2]))
