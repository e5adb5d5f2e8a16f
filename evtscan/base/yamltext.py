"""YAML text → plain data with the line of every entry, for rules and ``facts.yaml``, which may be hostile.

Only safe tags are allowed. Size, nesting and the number of nodes are limited (an alias counts as the nodes that it
repeats), so a deeply nested file, or one that grows exponentially through aliases, costs no more than the limits allow.
Errors in single entries are problems of the document, and all of them are reported. An exception is raised only if the
text has no readable structure.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import yaml

EntryPath = tuple[Any, ...]
"""Keys and list indices from the top of a document to one entry; ``()`` is the document itself."""

MAX_SIZE = 1 << 20
MAX_DEPTH = 40
MAX_NODES = 50_000

_MERGE_TAG = "tag:yaml.org,2002:merge"
_TEXT_TAG = "tag:yaml.org,2002:str"
_SAFE_TAGS = frozenset(
    f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float", "binary", "timestamp", "str", "seq", "map")
)


class YamlSyntaxError(ValueError):
    """A text without a readable structure. ``line`` counts from 1, ``message`` is the problem there."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"line {line}: {message}")
        self.line = line
        self.message = message


@dataclass(frozen=True, slots=True)
class YamlProblem:
    """One invalid entry; the rest of the document can be read."""

    line: int
    path: EntryPath
    message: str


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document.

    ``lines`` maps the path of every entry to its 1-based line (of its key in a map, of its first character in a
    list), ``()`` to the line where the document's content begins.
    """

    data: Any
    lines: Mapping[EntryPath, int]
    problems: tuple[YamlProblem, ...] = ()

    def line(self, path: EntryPath) -> int:
        """Return the line of an entry, or of its nearest parent with a line (entries of a merge key have none)."""
        while path not in self.lines:
            path = path[:-1]
        return self.lines[path]


def load_documents(
    text: str, *, limit: int = MAX_SIZE, plain_text_scalars: bool = False, aliases: bool = True
) -> tuple[Document, ...]:
    r"""Read every document of a text (separated by ``---``).

    Scalars follow YAML 1.1 as ``yaml.safe_load`` does. With ``plain_text_scalars`` they stay as written
    (``4.0`` is the text ``4.0``, ``1997-05-01`` no date, nothing after a colon the empty text); only true and
    false, whole numbers and null have other types. A duplicate key is a problem, and its first value counts.

    >>> load_documents("os: {version: 4.0}\n", plain_text_scalars=True)[0].data
    {'os': {'version': '4.0'}}

    Raises:
        YamlSyntaxError: if the text is longer than ``limit`` characters, nested too deep, or not YAML at all.
    """
    if len(text) > limit:
        raise YamlSyntaxError(1, f"longer than {limit} characters, which is the limit for this file")
    text = text.removeprefix("\ufeff")
    if unprintable := yaml.reader.Reader.NON_PRINTABLE.search(text):
        line = text.count("\n", 0, unprintable.start()) + 1
        raise YamlSyntaxError(line, f"character {unprintable.group()!r} may not stand in YAML")
    scalar = _scalar_as_written if plain_text_scalars else _scalar_as_yaml
    return tuple(_Composer(_events(text), scalar, aliases).documents())


def load(text: str, *, limit: int = MAX_SIZE, plain_text_scalars: bool = False, aliases: bool = True) -> Document:
    """Read a text that contains at most one document; an empty text has the data None.

    Raises:
        YamlSyntaxError: as ``load_documents``, and for a second document.
    """
    documents = load_documents(text, limit=limit, plain_text_scalars=plain_text_scalars, aliases=aliases)
    if len(documents) > 1:
        raise YamlSyntaxError(documents[1].lines[()], "a second document begins here (---), only one is allowed")
    return documents[0] if documents else Document(None, {(): 1})


def _events(text: str) -> Iterator[yaml.Event]:
    """Yield the parser's events; parsing is iterative, so this function must limit the depth."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        yield from yaml.parse(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = ", ".join(part for part in (error.context, error.problem) if part)
        raise YamlSyntaxError(mark.line + 1 if mark else 1, message or "not YAML") from error
    except yaml.YAMLError as error:
        raise YamlSyntaxError(1, f"not YAML ({error})") from error


# ------------------------------------------------------------------------------------------------ composing


@dataclass(slots=True)
class _Node:
    """A finished node: its data, and the lines of its descendants, by path relative to the node."""

    data: Any
    lines: dict[EntryPath, int]
    merge: bool = False


@dataclass(slots=True)
class _Composer:
    """Builds data from events. One instance reads one text; anchors and problems belong to the current document."""

    events: Iterator[yaml.Event]
    scalar: Callable[[yaml.ScalarEvent], Any]
    aliases: bool
    anchors: dict[str, _Node] = field(default_factory=dict)
    problems: list[YamlProblem] = field(default_factory=list)
    nodes: int = 0

    def documents(self) -> Iterator[Document]:
        for event in self.events:
            if not isinstance(event, yaml.DocumentStartEvent):
                continue
            self.anchors, self.problems = {}, []
            first = next(self.events)
            node = self._node(first, ())
            if _is_nothing(first):
                node.data = None
            yield Document(node.data, node.lines, tuple(self.problems))

    def _node(self, event: yaml.Event, path: EntryPath) -> _Node:
        line = _line(event)
        if len(path) > MAX_DEPTH:
            raise YamlSyntaxError(line, f"nested deeper than {MAX_DEPTH} levels")
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, path, line)
        self._count(1, line)
        if isinstance(event, yaml.ScalarEvent):
            node = self._scalar_node(event, path, line)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._sequence(event, path, line)
        else:
            node = self._mapping(cast(yaml.MappingStartEvent, event), path, line)
        anchor = cast(yaml.NodeEvent, event).anchor
        if anchor is not None:
            self.anchors[anchor] = node
        return node

    def _count(self, nodes: int, line: int) -> None:
        self.nodes += nodes
        if self.nodes > MAX_NODES:
            raise YamlSyntaxError(line, f"more than {MAX_NODES} entries, with what its aliases (*) stand for")

    def _alias(self, event: yaml.AliasEvent, path: EntryPath, line: int) -> _Node:
        if not self.aliases:
            raise YamlSyntaxError(
                line, f"*{event.anchor} is an alias, which is not allowed here: write the value itself"
            )
        if event.anchor not in self.anchors:
            raise YamlSyntaxError(line, f"*{event.anchor} stands for nothing: no &{event.anchor} ends before it")
        node = self.anchors[event.anchor]
        self._count(len(node.lines), line)
        if len(path) + max(map(len, node.lines)) > MAX_DEPTH:
            raise YamlSyntaxError(line, f"nested deeper than {MAX_DEPTH} levels by *{event.anchor}")
        return _Node(node.data, node.lines)

    def _scalar_node(self, event: yaml.ScalarEvent, path: EntryPath, line: int) -> _Node:
        tag = _resolved_tag(event)
        if tag == _MERGE_TAG:
            return _Node(event.value, {(): line}, merge=True)
        try:
            return _Node(self.scalar(event), {(): line})
        except ValueError as error:
            shown = event.value if len(event.value) <= _LONGEST_SHOWN else f"{event.value[:_LONGEST_SHOWN]}…"
            self.problems.append(YamlProblem(line, path, f"{shown!r} cannot be read: {error}"))
            return _Node(event.value, {(): line})

    def _sequence(self, start: yaml.SequenceStartEvent, path: EntryPath, line: int) -> _Node:
        self._check_tag(start, path, line)
        items: list[Any] = []
        lines: dict[EntryPath, int] = {(): line}
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            index = len(items)
            node = self._node(event, (*path, index))
            items.append(node.data)
            _graft(lines, index, node.lines)
        return _Node(items, lines)

    def _mapping(self, start: yaml.MappingStartEvent, path: EntryPath, line: int) -> _Node:
        self._check_tag(start, path, line)
        data: dict[Any, Any] = {}
        lines: dict[EntryPath, int] = {(): line}
        merged: list[tuple[int, _Node]] = []
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key_line = _line(event)
            key = self._node(event, (*path, "?"))
            name = key.data
            value = self._node(next(self.events), (*path, name if _is_scalar(name) else "?"))
            if key.merge:
                merged.append((key_line, value))
            elif not _is_scalar(name):
                self.problems.append(YamlProblem(key_line, path, "a key must be a word or a number"))
            elif name in data:
                first = lines[(name,)]
                self.problems.append(
                    YamlProblem(key_line, (*path, name), f"{name!r} stands in line {first} already: write it once")
                )
            else:
                data[name] = value.data
                _graft(lines, name, value.lines)
                lines[(name,)] = key_line
        for key_line, node in merged:
            for name, value_data in self._to_merge(node.data, key_line, path).items():
                if name not in data:
                    data[name] = value_data
                    lines[(name,)] = key_line
        return _Node(data, lines)

    def _check_tag(self, start: yaml.CollectionStartEvent, path: EntryPath, line: int) -> None:
        if start.tag not in (None, "!") and start.tag not in _SAFE_TAGS:
            self.problems.append(YamlProblem(line, path, f"tag {start.tag!r} is not allowed"))

    def _to_merge(self, source: Any, line: int, path: EntryPath) -> dict[Any, Any]:
        """Return the entries that a merge key (``<<``) adds to a map; if several maps have a key, the first map
        wins.
        """
        maps = source if isinstance(source, list) else [source]
        if not all(isinstance(part, dict) for part in maps):
            self.problems.append(YamlProblem(line, path, "<< takes a map or a list of maps"))
            return {}
        return {name: value for part in reversed(maps) for name, value in part.items()}


def _line(event: yaml.Event) -> int:
    return cast(yaml.Mark, event.start_mark).line + 1


def _graft(lines: dict[EntryPath, int], step: Any, below: Mapping[EntryPath, int]) -> None:
    for path, line in below.items():
        lines[(step, *path)] = line


def _is_scalar(data: Any) -> bool:
    return not isinstance(data, dict | list)


def _is_nothing(event: yaml.Event) -> bool:
    return isinstance(event, yaml.ScalarEvent) and _is_plain(event) and event.value == ""


# -------------------------------------------------------------------------------------------------- scalars


def _is_plain(event: yaml.ScalarEvent) -> bool:
    return not event.style  # None in PyYAML's own parser, "" in libyaml's


_resolver = yaml.resolver.Resolver()
_constructor = yaml.constructor.SafeConstructor()
_CONSTRUCTORS: Mapping[str | None, Callable[..., Any]] = yaml.constructor.SafeConstructor.yaml_constructors
_LONG_TAGS = frozenset({_TEXT_TAG, "tag:yaml.org,2002:binary"})
_LONGEST = 1000
"""Characters of a number, a date or a truth value: PyYAML takes quadratic time for a number in base 60."""
_LONGEST_SHOWN = 80


def _resolved_tag(event: yaml.ScalarEvent) -> str:
    if event.tag is not None and event.tag != "!":
        return str(event.tag)
    return str(_resolver.resolve(yaml.ScalarNode, event.value, event.implicit))  # type: ignore[no-untyped-call]


def _scalar_as_yaml(event: yaml.ScalarEvent) -> Any:
    """Return the value of a scalar (ValueError if its text is invalid for its tag)."""
    tag = _resolved_tag(event)
    if tag not in _SAFE_TAGS:
        raise ValueError(f"tag {tag!r} is not allowed")
    name = tag.rpartition(":")[2]
    if name in ("seq", "map"):
        raise ValueError(f"not a {name}")
    if tag not in _LONG_TAGS and len(event.value) > _LONGEST:
        raise ValueError(f"longer than {_LONGEST} characters, which no {name} is")
    try:
        return _CONSTRUCTORS[tag](_constructor, yaml.ScalarNode(tag, event.value))
    except yaml.MarkedYAMLError as error:
        raise ValueError(error.problem) from error
    except Exception as error:  # PyYAML expects text that fits the tag: KeyError, IndexError, AttributeError …
        raise ValueError(str(error) if isinstance(error, ValueError) else f"not a {name}") from error


_WHOLE_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,18})|0x[0-9a-fA-F]{1,16}")


def _scalar_as_written(event: yaml.ScalarEvent) -> str | int | bool | None:
    if event.tag is not None and event.tag != "!" and event.tag != _TEXT_TAG:
        raise ValueError(f"tag {event.tag!r} is not allowed")
    text = str(event.value)
    if event.tag is not None or not _is_plain(event):
        return text
    if _WHOLE_NUMBER.fullmatch(text):
        return int(text, 0)
    words: dict[str, bool | None] = {"true": True, "yes": True, "false": False, "no": False, "null": None, "~": None}
    return words.get(text.lower(), text)
