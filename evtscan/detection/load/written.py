"""Compiled rules together with their source: the document's data, its lines and its text."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evtscan.base.yamltext import MAX_SIZE, Document, YamlSyntaxError, load_documents
from evtscan.detection.model.rule import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFile:
    """A file of rules: its name in messages, its path, and its content as far as it can be read."""

    name: str
    path: Path
    text: str = ""
    documents: tuple[Document, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A compiled rule with its document, and the text of the document from line ``first_line`` on."""

    rule: Rule
    path: Path
    document: Document
    text: str
    first_line: int

    @property
    def data(self) -> Mapping[Any, Any]:
        """Return the data of the document, which is a map."""
        data: Mapping[Any, Any] = self.document.data
        return data


def read_file(path: Path, name: str) -> RuleFile:
    """Read a rule file again; an error gives an empty result here, because loading the rules reports it."""
    if not path.is_file():  # a pipe can be read only once
        return RuleFile(name=name, path=path)
    try:
        with path.open("rb") as stream:
            text = stream.read(4 * MAX_SIZE + 1).decode("utf-8-sig")
        return RuleFile(name=name, path=path, text=text, documents=load_documents(text))
    except (OSError, UnicodeDecodeError):
        return RuleFile(name=name, path=path)
    except YamlSyntaxError:
        return RuleFile(name=name, path=path, text=text)


def written(rules: Iterable[Rule], files: Mapping[str, RuleFile]) -> list[Written]:
    """Return the rules with their source; ``files`` are their rule files by name.

    A rule whose file has changed since it was loaded is omitted.
    """
    return [found for rule in rules for found in _beside(rule, files[rule.file])]


def _beside(rule: Rule, file: RuleFile) -> Iterator[Written]:
    lines = file.text.splitlines(keepends=True)
    starts = [document.lines[()] for document in file.documents]
    bounds = [1, *starts[1:], len(lines) + 1]
    for document, begin, end in zip(file.documents, bounds, bounds[1:], strict=False):
        if document.lines == rule.lines:
            text = "".join(lines[begin - 1 : end - 1])
            yield Written(rule=rule, path=file.path, document=document, text=text, first_line=begin)
