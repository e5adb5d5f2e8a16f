"""The rules that ``report.html`` carries, by number."""

from evtscan.base.model.rule import QUIET_KINDS, RuleInfo
from evtscan.report.model import Report
from evtscan.reporters.digest.summary import level_rank
from evtscan.reporters.html.rows import ROW_OF, Row


class RuleRows:
    """The rules of a report, most important first, and behind them those that only findings name, by number."""

    def __init__(self, report: Report) -> None:
        infos = sorted(report.rules, key=lambda rule: (-level_rank(rule.level), rule.article, rule.id))
        self._by_id = {rule.id: rule for rule in infos}
        self._numbers = {rule_id: number for number, rule_id in enumerate(self._by_id)}
        self._found: set[str] = set()

    def number(self, rule: RuleInfo) -> int:
        """The number of a rule that has a finding."""
        self._by_id.setdefault(rule.id, rule)
        self._found.add(rule.id)
        return self._numbers.setdefault(rule.id, len(self._numbers))

    def group(self, rule_id: str) -> str:
        """What the matches of a finding have in common with it: the article, or the rule."""
        rule = self._by_id.get(rule_id)
        return f"article {rule.article}" if rule is not None and rule.article else rule_id

    def rows(self) -> list[Row]:
        """All rules; the texts only of those that have findings."""
        return [
            [
                *ROW_OF["rule"](rule),
                rule.kind in QUIET_KINDS,
                ROW_OF["ruleText"](rule) if rule.id in self._found else None,
            ]
            for rule in self._by_id.values()
        ]
