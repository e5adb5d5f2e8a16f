"""Files and folders of YAML → rules, and all problems in these files.

An invalid document is refused, and the others load. A problem in a file that the user named directly is raised as an
error; a problem in a folder is listed in the ledger.
"""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count
from pathlib import Path
from typing import Final

from evtscan.base.errors import Problem, UsageError
from evtscan.base.model.query import Query
from evtscan.base.model.rule import Level, RefusedRule, RuleInfo
from evtscan.base.yamltext import MAX_SIZE, YamlSyntaxError, load_documents
from evtscan.detection.load import placeholders
from evtscan.detection.load.references import resolved
from evtscan.detection.model.condition import Any, Condition
from evtscan.detection.model.consequence import consequences_of
from evtscan.detection.model.context import names_in
from evtscan.detection.model.rule import Filter, KnownIssue, Logsource, Rule, Selection
from evtscan.detection.model.section import Problems, Section

SUFFIXES = (".yml", ".yaml")

DEFAULT_LEVEL = "informational"
"""The level of a rule that states none: it stands above no rule that does."""


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules that loaded, and every problem of those that did not.

    ``warnings`` are problems of rules that loaded: invalid metadata, and deprecated syntax.
    """

    rules: tuple[Rule, ...]
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()

    def query(self) -> Query:
        """The records that these rules can use."""
        return Query.union(rule.query() for rule in self.rules)

    @property
    def refused(self) -> tuple[RefusedRule, ...]:
        """Return the problems in the form that a report lists."""
        return tuple(
            RefusedRule(file=problem.file, message=problem.message, line=problem.line, key=problem.key)
            for problem in self.problems
        )


def load_rules(paths: Sequence[Path], *, fact_known: Callable[[str], bool]) -> RuleSet:
    """Load rule files, and every ``.yml`` and ``.yaml`` below rule folders, in the order of their names.

    Files have the names that ``rule_files`` gives them. ``fact_known`` returns whether the catalogue has a fact of this
    name.
    """
    rules: list[Rule] = []
    filters: list[Filter] = []
    problems: list[Problem] = []
    warnings: list[Problem] = []
    for name, path in rule_files(paths).items():
        for loaded in _load_file(path, name, fact_known):
            rules += loaded.rules
            filters += loaded.filters
            problems += loaded.problems
            warnings += loaded.warnings
    unique, doubles = _without_doubles(rules)
    filtered = [_filtered(rule, filters) for rule in unique] if filters else unique
    whole, unresolved = resolved(filtered)
    return RuleSet(whole, (*problems, *doubles, *unresolved), tuple(warnings))


def _filtered(rule: Rule, filters: Sequence[Filter]) -> Rule:
    for one in filters:
        if one.applies_to(rule):
            rule = one.narrowed(rule)
    return rule


@dataclass(frozen=True, slots=True)
class _Loaded:
    """The content of a document: rules (two for an old aggregation rule) or a filter; or the errors that refuse it."""

    rules: tuple[Rule, ...] = ()
    filters: tuple[Filter, ...] = ()
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


def rule_files(paths: Sequence[Path]) -> dict[str, Path]:
    """Return the rule files at or below paths, by their names in reports, without duplicates.

    The name is the path below the given folder, or the file name for a file given itself. If that name is already used,
    the name of the folder is put before it, and if that is used too, a number is added.

    Raises:
        UsageError: if a folder cannot be listed.
    """
    found: dict[str, Path] = {}
    seen: set[Path] = set()
    for path in paths:
        for file, name in _files_of(path):
            place = file.resolve() if len(paths) > 1 else file
            if place not in seen:
                seen.add(place)
                found[_unused(name, path, found)] = file
    return found


def _files_of(path: Path) -> Iterator[tuple[Path, str]]:
    if path.is_dir():
        try:
            found = [file for file in path.rglob("*") if _is_rule_file(file) and file.is_file()]
        except OSError as error:  # folders in folders, deeper than a path can be long
            raise UsageError(f"{path}: cannot be listed ({error.strerror}); give the folder of the rules") from error
        yield from sorted((file, file.relative_to(path).as_posix()) for file in found)
    else:
        yield path, path.name


def _unused(name: str, path: Path, used: Container[str]) -> str:
    if name not in used:
        return name
    folder = path.resolve().name if path.is_dir() else path.resolve().parent.name
    names = chain((f"{folder}/{name}",), (f"{folder}/{name} ({number})" for number in count(2)))
    return next(one for one in names if one not in used)


def _is_rule_file(file: Path) -> bool:
    return file.suffix.lower() in SUFFIXES and file.name != placeholders.FILE_NAME


def _load_file(path: Path, name: str, fact_known: Callable[[str], bool]) -> Iterator[_Loaded]:
    """Load each document of a file."""
    try:
        with path.open("rb") as stream:
            text = stream.read(4 * MAX_SIZE + 1).decode("utf-8-sig")
        documents = load_documents(text)
    except OSError as error:
        yield _refused(name, None, f"cannot be read ({error.strerror or error})")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        yield _refused(name, line, f"is not UTF-8 (byte {error.start}): save it as UTF-8")
    except YamlSyntaxError as error:
        yield _refused(name, error.line, error.message)
    else:
        if not documents:
            yield _refused(name, 1, "contains no rule")
        for number, document in enumerate(documents, 1):
            yield _load_document(Problems(name, document, folder=path.parent), number, fact_known)


def _refused(name: str, line: int | None, message: str) -> _Loaded:
    """Return the result for a file from which nothing could be loaded."""
    return _Loaded(problems=(Problem(file=name, line=line, key="", message=message),))


METADATA: Final = frozenset(
    {
        *("author", "date", "modified", "description", "falsepositives", "fields", "level", "license", "references"),
        *("related", "scope", "status", "tags", "taxonomy"),
    }
)
"""Keys of a rule that its detection does not depend on."""


def _load_document(problems: Problems, number: int, fact_known: Callable[[str], bool]) -> _Loaded:
    name, document = problems.file, problems.document
    for problem in document.problems:
        noted = problems.warnings if problem.path[:1] and problem.path[0] in METADATA else problems.found
        noted.append(Problem(file=name, line=problem.line, key="", message=problem.message))
    if not isinstance(document.data, dict):
        problems.add((), "a rule is a map that begins with a title")
        return _Loaded(problems=tuple(problems.found))
    section = Section(document.data, (), problems)
    fallback_id = name if number == 1 else f"{name}#{number}"
    rules: tuple[Rule, ...] = ()
    filters: tuple[Filter, ...] = ()
    if "filter" in document.data:
        filters = (_filter(section),)
    elif "correlation" in document.data:
        rules = (_correlation(section, fallback_id, fact_known),)
    else:
        rules = tuple(_rules(section, fallback_id, fact_known))
    warnings = tuple(problems.warnings)
    if problems.found:
        return _Loaded(problems=tuple(problems.found), warnings=warnings)
    return _Loaded(rules, filters, warnings=warnings)


def _filter(section: Section) -> Filter:
    from evtscan.detection.load import sigma

    return sigma.filter_of(section)


def _rules(section: Section, fallback_id: str, fact_known: Callable[[str], bool]) -> Iterator[Rule]:
    """Return a rule about single events, or the correlation and the event rule of an old aggregation rule."""
    from evtscan.detection.load import sigma

    rule = _rule(section, fallback_id, fact_known)
    events = f"{rule.info.id} events"
    correlation = sigma.aggregation_of(section, events)
    if correlation is None:
        yield rule
    else:
        yield replace(rule, detection=Any(()), logsource=Logsource(), correlation=correlation)
        yield replace(rule, info=replace(rule.info, id=events), name="")


def _rule(section: Section, fallback_id: str, fact_known: Callable[[str], bool]) -> Rule:
    from evtscan.detection.load import knownissue, sigma  # pySigma takes 0.15 s to import

    issue = section.section("known_issue")
    info = _info(section, issue, fallback_id)
    sigma.check_metadata(section)
    named = sigma.selections_of(section)
    logsource = sigma.logsource_of(section)
    known_issue = knownissue.known_issue_of(issue, fact_known, named) if "known_issue" in section.data else None
    return Rule(
        info=info,
        detection=sigma.detection_of(section, named),
        logsource=logsource,
        known_issue=known_issue,
        name=section.text("name"),
        selections=_selections_around(known_issue, named, logsource),
        file=section.problems.file,
        lines=section.problems.document.lines,
    )


def _correlation(section: Section, fallback_id: str, fact_known: Callable[[str], bool]) -> Rule:
    """Read a correlation; the rules that it names are looked up later (``references``)."""
    from evtscan.detection.load import correlationrules, knownissue, sigma

    issue = section.section("known_issue")
    info = _info(section, issue, fallback_id)
    sigma.check_metadata(section)
    if "detection" in section.data:
        section.problem("a correlation has no detection of its own: make it another document", "detection")
    return Rule(
        info=info,
        detection=Any(()),
        logsource=Logsource(),
        known_issue=knownissue.known_issue_of(issue, fact_known, None) if "known_issue" in section.data else None,
        name=section.text("name"),
        correlation=correlationrules.correlation_of(section),
        file=section.problems.file,
        lines=section.problems.document.lines,
    )


def _selections_around(
    issue: KnownIssue | None, named: Mapping[str, Condition], logsource: Logsource
) -> dict[str, Selection]:
    """The selections that ``context``, ``supported_by`` and ``cleared_by`` name."""
    if issue is None:
        return {}
    return {
        name: Selection(condition=named[name], logsource=logsource, derive=issue.derive)
        for name in names_in(issue.around, issue.cleared_by)
        if name in named
    }


def _info(rule: Section, issue: Section, fallback_id: str) -> RuleInfo:
    if not rule.data.get("title"):
        rule.problem("a rule needs a title", "title")
    rule = replace(rule, lenient=True)
    level = rule.text("level").lower()
    return RuleInfo(
        id=rule.text("id").lower() or fallback_id,
        title=rule.text("title"),
        level=level if level in _LEVELS else DEFAULT_LEVEL,
        status=rule.text("status").lower(),
        kind=issue.text("kind"),
        article=issue.text("article"),
        description=rule.text("description").strip(),
        cause=issue.text("cause").strip(),
        remedy=issue.texts("remedy"),
        workaround=issue.texts("workaround"),
        fixed_in=issue.text("fixed_in"),
        lookalikes=issue.texts("lookalikes"),
        references=rule.texts("references"),
        file=rule.problems.file,
        tags=_tags(rule.data.get("tags")),
        consequence_of=tuple(item.name for item in consequences_of(issue)),
    )


_LEVELS: Final = frozenset(level.word for level in Level)


def _tags(stated: object) -> tuple[str, ...]:
    """Return the tags in lower case, without duplicates; an invalid tag is reported with the other metadata."""
    tags = stated if isinstance(stated, list) else [stated]
    return tuple(dict.fromkeys(tag.strip().lower() for tag in tags if isinstance(tag, str) and tag.strip()))


def _without_doubles(rules: list[Rule]) -> tuple[tuple[Rule, ...], list[Problem]]:
    """Return the first rule of each id, and a problem for each later rule with that id."""
    first: dict[str, Rule] = {}
    problems = []
    for rule in rules:
        known = first.setdefault(rule.info.id, rule)
        if known is not rule:
            problems.append(
                Problem(
                    file=rule.file,
                    line=rule.lines.get(("id",)),
                    key="id",
                    message=f"{known.file} has the same id {rule.info.id}: give this rule a new one",
                )
            )
    return tuple(first.values()), problems
