"""What was read of one folder → one reading for each machine whose logs lie in it at overlapping times."""

from dataclasses import dataclass

from evtscan.model import Log, Registry
from evtscan.parsers.evidence import Reading

_COMPUTER_NAME = r"SYSTEM\CurrentControlSet\Control\ComputerName\ComputerName"
_NAME_FACT = "host.name"


@dataclass(frozen=True, slots=True)
class Machine:
    """One machine of a folder: the first label of its name as its logs print it, and what was read of it."""

    label: str
    reading: Reading


def mixed(reading: Reading) -> list[str]:
    """The first labels of the machines whose logs overlap in time; nothing if it is one machine, perhaps renamed."""
    groups: dict[str, list[Log]] = {}
    for log in reading.logs:
        groups.setdefault(_key(_newest_name(log)), []).append(log)
    groups.pop("", None)
    return [label_of(_newest_name(logs[0])) for logs in groups.values()] if _overlap(groups) else []


def divide(reading: Reading) -> list[Machine]:
    """Tell machines apart that share a folder; a folder of one machine stays whole, with an empty label.

    Logs of different names are different machines only if their times overlap: else it is one that was renamed. What
    names one of them goes with it; what names none cannot be assigned and counts for none, with a warning.
    """
    labels = mixed(reading)
    if not labels:
        return [Machine("", reading)]
    machines = [Machine(label, _part(reading, label.casefold())) for label in labels]
    first = machines[0].reading
    first.skipped.extend(reading.skipped)
    together = " and ".join(labels)
    assigned = {row.source_file for machine in machines for row in machine.reading.rows}
    for row in reading.rows:
        if row.source_file not in assigned:
            first.warn(
                row.source_file,
                "identity_mismatch",
                f"{row.source_file} was left out: the logs beside it come from {together} at the same time, and it "
                "names none of them. Give each machine a folder of its own",
            )
    first.warnings.extend(warning for warning in reading.warnings if warning.location.source not in assigned)
    for machine in machines:
        machine.reading.warn(
            machine.reading.logs[0].source.name,
            "identity_mismatch",
            f"the folder holds logs of {together} from the same time, which are reported as hosts of their own. Give "
            "each machine a folder of its own",
        )
    return machines


def label_of(name: str) -> str:
    """The first label of a computer name."""
    return name.partition(".")[0]


def name_in(reading: Reading) -> str:
    """The computer that a reading names: by its logs, else by its registry or facts, else nothing."""
    names = [_newest_name(log) for log in reading.logs]
    names += [_registry_name(registry) for registry in reading.registries]
    names += [str(entry.value) for facts in reading.facts_files for entry in facts.entries if entry.name == _NAME_FACT]
    return next((name for name in names if name), "")


def _newest_name(log: Log) -> str:
    return log.summary.computers[-1] if log.summary.computers else ""


def _registry_name(registry: Registry) -> str:
    key = registry.key(_COMPUTER_NAME)
    value = key.values.get("computername") if key is not None else None
    return value.data.strip(" \0") if value is not None and isinstance(value.data, str) else ""


def _key(name: str) -> str:
    return label_of(name).casefold()


def _overlap(groups: dict[str, list[Log]]) -> bool:
    """Whether logs of different groups overlap in time."""
    spans = sorted(
        (log.summary.first_time.ticks, (log.summary.last_time or log.summary.first_time).ticks, key)
        for key, logs in groups.items()
        for log in logs
        if log.summary.first_time is not None
    )
    ends: dict[str, int] = {}  # of the two groups that reach furthest: one of them is another group than the next log's
    for begins, end, key in spans:
        if any(begins < other_end for other, other_end in ends.items() if other != key):
            return True
        ends[key] = max(end, ends.get(key, end))
        ends = dict(sorted(ends.items(), key=lambda item: -item[1])[:2])
    return False


def _part(reading: Reading, key: str) -> Reading:
    """What names the machine of this key."""
    logs = [log for log in reading.logs if _key(_newest_name(log)) == key]
    registries = [registry for registry in reading.registries if _key(_registry_name(registry)) == key]
    facts_files = [facts for facts in reading.facts_files if _key(name_in(Reading(facts_files=[facts]))) == key]
    names = {log.source.name for log in logs}
    names |= {item.source for item in registries} | {item.source for item in facts_files}
    return Reading(
        logs=logs,
        registries=registries,
        facts_files=facts_files,
        rows=[row for row in reading.rows if row.source_file in names],
        warnings=[warning for warning in reading.warnings if warning.location.source in names],
    )
