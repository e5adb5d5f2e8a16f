"""Results of a run as typed objects and data frames."""

from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from evtscan.base.model.finding import Finding
from evtscan.base.model.rule import RuleInfo
from evtscan.base.model.source import ExtractionWarning
from evtscan.hunt.detection import COLUMNS, Detection
from evtscan.hunt.run import Hunted
from evtscan.report.model import FactRow, HostReport, MatchRow
from evtscan.report.model import Report as ReportData
from evtscan.reporters.tables.columns import TABLES, Kind

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")


class Table(Sequence[T], Generic[T]):
    """A sequence of typed objects that can be converted to a data frame."""

    def __init__(self, rows: Sequence[T], frame: "Callable[[], pd.DataFrame]") -> None:
        self._rows, self._frame = rows, frame

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> T: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...

    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        return self._rows[index]

    def __repr__(self) -> str:
        return f"<{len(self)} rows; to_frame() for a data frame>"

    def to_frame(self) -> "pd.DataFrame":
        """Return the rows as a pandas data frame, with the columns of the CSV table of the same name.

        Numbers are nullable integers, times are UTC timestamps, truth values are nullable booleans, other values are
        text.
        """
        return self._frame()


class Report:
    """All results of a scan or an audit.

    Attributes:
        data: the report data from which all outputs are written.
    """

    def __init__(self, data: ReportData) -> None:
        self.data = data

    def __repr__(self) -> str:
        return f"<Report: {len(self.hosts)} hosts, {len(self.findings)} findings, {len(self.warnings)} warnings>"

    @cached_property
    def hosts(self) -> Table[HostReport]:
        """The hosts, sorted by name."""
        return Table(sorted(self.data.hosts, key=lambda host: host.host), lambda: self._table("hosts"))

    @cached_property
    def findings(self) -> Table[Finding]:
        """The findings of all hosts."""
        return Table([row for host in self.hosts for row in host.findings], lambda: self._table("findings"))

    @cached_property
    def events(self) -> Table[MatchRow]:
        """The events that rules matched."""
        return Table([row for host in self.hosts for row in host.matches], lambda: self._table("events"))

    @cached_property
    def facts(self) -> Table[FactRow]:
        """The known facts of each host; the data frame includes the host of each fact."""
        rows = [(host.host, row) for host in self.hosts for row in host.facts]
        return Table([row for _, row in rows], lambda: _frame_of_facts(rows))

    @cached_property
    def warnings(self) -> Table[ExtractionWarning]:
        """Warnings about everything that could not be read, of all hosts."""
        return Table([row for host in self.hosts for row in host.warnings], lambda: self._table("warnings"))

    @cached_property
    def rules(self) -> Table[RuleInfo]:
        """The rules that were used."""
        return Table(self.data.rules, lambda: self._table("rules"))

    def to_frame(self, table: str = "findings") -> "pd.DataFrame":
        """Return one of the tables of a report, such as ``evidence`` or ``unexplained``, as a data frame.

        Raises:
            ValueError: if there is no table of this name.
        """
        if table not in TABLES:
            raise ValueError(f"{table!r}: no such table; use one of {', '.join(TABLES)}")
        return self._table(table)

    def save(self, path: str | Path) -> None:
        """Write the report as JSON, which ``load_report`` and ``evtscan report`` read.

        Raises:
            OSError: if the file cannot be written.
        """
        from evtscan.reporters import REPORTERS

        reporter = next(row for row in REPORTERS if row.name == "json")
        with Path(path).open("wb") as stream:
            reporter.write(self.data, stream)

    def _table(self, name: str) -> "pd.DataFrame":
        import pandas as pd

        table = TABLES[name].table(self.data)
        columns = zip(*table.rows, strict=True) if table.rows else ((),) * len(table.columns)
        return pd.DataFrame(
            {
                column: _series(values, table.kinds.get(column, Kind.TEXT))
                for column, values in zip(table.columns, columns, strict=True)
            }
        )


def _series(values: Sequence[Any], kind: Kind) -> "pd.Series[Any]":
    import pandas as pd

    if kind is Kind.INTEGER:
        return pd.Series(values, dtype="Int64")
    if kind is Kind.BOOLEAN:
        return pd.Series(values, dtype="boolean")
    if kind is Kind.TIME:
        held = pd.Series([value or None for value in values], dtype=object)
        times = pd.to_datetime(held, utc=True, format="ISO8601", errors="coerce")
        return times.dt.as_unit("ns")
    return pd.Series(values, dtype="string")


def _frame_of_facts(rows: Sequence[tuple[str, FactRow]]) -> "pd.DataFrame":
    import pandas as pd

    names = [item.name for item in fields(FactRow)]
    columns: dict[str, list[Any]] = {"host": [host for host, _ in rows]}
    columns |= {name: [_text(getattr(row, name)) for _, row in rows] for name in names}
    return pd.DataFrame(columns)


def _text(value: Any) -> Any:
    return value if value is None or isinstance(value, str | int) else str(value)


class Hunt(Table[Detection]):
    """The detections of a hunt, in the order of its timeline.

    Attributes:
        counts: the statistics of the run: detections by rule, rules that could not be decided, and more.
        warnings: warnings about everything that could not be read.
    """

    def __init__(self, rows: Sequence[Detection], counts: Hunted, warnings: Sequence[ExtractionWarning]) -> None:
        super().__init__(rows, lambda: _frame_of_detections(rows))
        self.counts, self.warnings = counts, tuple(warnings)


def _frame_of_detections(rows: Sequence[Detection]) -> "pd.DataFrame":
    import pandas as pd

    kinds = {"Timestamp": Kind.TIME, "EventID": Kind.INTEGER, "RecordID": Kind.INTEGER, "Offset": Kind.INTEGER}
    return pd.DataFrame(
        {name: _series([read(row) for row in rows], kinds.get(name, Kind.TEXT)) for name, read in COLUMNS.items()}
    )
