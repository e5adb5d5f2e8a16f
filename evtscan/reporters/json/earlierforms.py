"""A report.json of an earlier form → the same report in the current form.

Form 1 has the missing facts of a finding as ``missing_facts``, a list of names, and ``how_to_get``, a list of
instructions; and its explanations name the kind of a node in their text.
"""

from collections.abc import Iterator
from typing import Any

_KINDS = {"all of": "all", "any of": "any", "not": "not"}


def upgraded(document: Any) -> Any:
    """Convert a report, or the part of one host, from form 1 to the current form; other data is returned unchanged."""
    if not isinstance(document, dict):
        return document
    hosts = document["hosts"] if isinstance(document.get("hosts"), list) else [document]
    for host in hosts:
        findings = host.get("findings") if isinstance(host, dict) else None
        for finding in findings if isinstance(findings, list) else ():
            if isinstance(finding, dict):
                finding["missing"] = list(_missing(finding))
                _name_kinds(finding.get("explanation"))
    return document


def _missing(finding: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the missing facts by name, then the instructions; form 1 does not link an instruction to its facts."""
    for key, field in (("missing_facts", "fact"), ("how_to_get", "how_to_get")):
        texts = finding.pop(key, None)
        for text in texts if isinstance(texts, list) else ():
            yield {field: text, "collectable": key == "missing_facts"}


def _name_kinds(explanation: Any) -> None:
    waiting = [explanation]  # not recursive: a saved report may be nested to any depth
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if (text := node.get("text")) in _KINDS and isinstance(text, str) and node.get("children"):
                node["kind"] = _KINDS[text]
            children = node.get("children")
            waiting.extend(children if isinstance(children, list) else ())
