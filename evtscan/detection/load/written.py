"""Rules as they are written: beside what was compiled of a document, its data, its lines and its text."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evtscan.base.yamltext import MAX_SIZE, Document, YamlSyntaxError, load_documents
from evtscan.detection.model.rule import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFile:
    """A file of rules: what messages call it, where it lies, and what it holds as far as that can be read."""

    name: str
    path: Path
    text: str = ""
    documents: tuple[Document, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A rule with the document that it was compiled of, and the lines of the file from ``first_line`` to the next."""

    rule: Rule
    path: Path
    document: Document
    text: str
    first_line: int

    @property
    def data(self) -> Mapping[Any, Any]:
        """The document's data; a rule is a map."""
        data: Mapping[Any, Any] = self.document.data
        return data


def read_file(path: Path, name: str) -> RuleFile:
    """Read a file of rules once more; what keeps it from being read is told where rules are loaded."""
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
    """The rules beside what they were compiled of; ``files`` are those that they lie in, by name.

    A rule whose file has changed since it was loaded is left out.
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
