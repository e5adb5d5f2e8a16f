"""The rules in ``report.html``, by number."""

from evtscan.base.model.rule import QUIET_KINDS, RuleInfo
from evtscan.report.model import Report
from evtscan.reporters.digest.summary import level_rank
from evtscan.reporters.html.rows import ROW_OF, Row


class RuleRows:
    """The numbered rules of a report: most important first, then rules that appear only in findings."""

    def __init__(self, report: Report) -> None:
        infos = sorted(report.rules, key=lambda rule: (-level_rank(rule.level), rule.article, rule.id))
        self._by_id = {rule.id: rule for rule in infos}
        self._numbers = {rule_id: number for number, rule_id in enumerate(self._by_id)}
        self._found: set[str] = set()

    def number(self, rule: RuleInfo) -> int:
        """Return the number of a rule that has a finding."""
        self._by_id.setdefault(rule.id, rule)
        self._found.add(rule.id)
        return self._numbers.setdefault(rule.id, len(self._numbers))

    def group(self, rule_id: str) -> str:
        """Return the key that a finding shares with its matches: the article, or the rule if it has none."""
        rule = self._by_id.get(rule_id)
        return f"article {rule.article}" if rule is not None and rule.article else rule_id

    def rows(self) -> list[Row]:
        """Return the rows of all rules; only rules with findings include their texts."""
        return [
            [
                *ROW_OF["rule"](rule),
                rule.kind in QUIET_KINDS,
                ROW_OF["ruleText"](rule) if rule.id in self._found else None,
            ]
            for rule in self._by_id.values()
        ]
