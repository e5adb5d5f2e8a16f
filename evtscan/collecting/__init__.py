"""Missing facts and logs → a script that collects them on the host, with tools that the host has.

Names from evidence and reports are never copied to a script unchanged: in comments, every character except letters,
digits and a few signs becomes ``_``, and a name is used in a command only if it contains no character with a special
meaning for a shell.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from evtscan.base.winpaths import is_device_name
from evtscan.collecting.needs import Missing, Need
from evtscan.collecting.steps import GENERATIONS, Generation, Shell, Step
from evtscan.facts.catalogue import names as catalogue

__all__ = ["GENERATIONS", "collect_all", "collect_missing"]

_UNSAFE = re.compile(r"[^][A-Za-z0-9 .,:;_()/\\'+-]")
_PLAIN = str.maketrans({"“": "'", "”": "'", "’": "'", "…": "...", "%": ""})
_FILE = re.compile(r"[a-z0-9_][a-z0-9_.-]{0,59}", re.ASCII)
_KEY = re.compile(r"(?:SYSTEM|SOFTWARE)(?:\\[A-Za-z0-9 _.{}()-]{1,100}){1,16}", re.ASCII | re.IGNORECASE)
_EXPORTED = re.compile(r'regedit /e .*"HKEY_LOCAL_MACHINE\\([^"]+)"')
_CHANNEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._()/-]{0,150}", re.ASCII)
_MAX_COMMENT = 200
_HOSTS_SHOWN = 8


def collect_all(generation: Generation, facts: Iterable[str]) -> str:
    """Return a script that collects all evidence that evtscan reads from such a host.

    Files and registry keys are collected only for these facts.
    """
    needs = [Need(fact=fact) for fact in facts]
    tasks = list(_each_key_once(task for step in generation.steps for task in _tasks(step, needs)))
    head = (f"Gathers evidence of this host for evtscan. For {generation.title}.",)
    return _script(generation, head, tasks)


def collect_missing(generation: Generation, missing: Missing) -> str:
    """Return a script that collects the evidence that would decide open findings, the most decisive first."""
    tasks = [task for step in generation.steps for task in _tasks(step, missing.needs) if task.needs]
    tasks.sort(key=lambda task: -len(task.decides))
    tasks = [*_log_tasks(generation, missing.logs), *tasks]
    given = {need.fact for task in tasks for need in task.needs}
    head = [
        f"Gathers what would decide open findings of a report of evtscan. For {generation.title}.",
        *(f"The event log {channel}: missing on {_listed(hosts)}" for channel, hosts in missing.logs),
        *(line for need in missing.needs for line in _explain(need, by_hand=need.fact not in given)),
        *(f"{host}: {text}" for host, text in missing.notes),
    ]
    if not missing.needs and not missing.logs:
        head.append("Nothing is missing on such hosts.")
    if missing.others:
        head.append(f"Not for {_listed(missing.others)}: of another generation, see --for.")
    return _script(generation, head, tasks)


def _log_tasks(generation: Generation, logs: Sequence[tuple[str, Sequence[str]]]) -> "list[_Task]":
    """Return tasks that export these logs: one per log with wevtutil; before Vista, the step that saves all logs."""
    if generation.shell is Shell.CMD:
        steps = [step for step in generation.steps if step.title.startswith("Event logs")] if logs else []
        hosts = tuple(dict.fromkeys(host for _, names in logs for host in names))
        return [_Task(step, "", 0, (Need(fact="", findings=tuple((host, "") for host in hosts)),)) for step in steps]
    tasks = []
    for channel, lacking in logs:
        if _CHANNEL.fullmatch(channel):
            file = channel.replace("/", "%4")
            line = f"wevtutil.exe epl '{channel}' (Join-Path $Out '{file}.evtx') /ow:true"
            needs = (Need(fact="", findings=tuple((host, "") for host in lacking)),)
            tasks.append(_Task(Step(title=f"Event log {channel}", lines=(line,)), "", 0, needs))
    return tasks


@dataclass(frozen=True, slots=True)
class _Task:
    """A step with the file or key that it is used for, and the needs that it serves."""

    step: Step
    item: str
    number: int
    needs: tuple[Need, ...]

    def lines(self) -> Iterator[str]:
        """Yield the lines of the task for the script."""
        for line in self.step.lines:
            yield line.format(item=self.item, number=self.number)

    @property
    def decides(self) -> set[tuple[str, str]]:
        """The open findings that the task helps to decide."""
        return {finding for need in self.needs for finding in need.findings}

    @property
    def title(self) -> str:
        """The purpose of the task, and the hosts that lack its result."""
        hosts = tuple(dict.fromkeys(host for need in self.needs for host in need.hosts))
        served = f" [{_listed(hosts)}]" if hosts else ""
        return f"{self.step.title.format(item=self.item)}{served}"


def _tasks(step: Step, needs: Sequence[Need]) -> list[_Task]:
    """Return one task for a step, or one for each file or key if the step is specific to one."""
    served = [need for need in needs if _gives(step, need.fact)]
    if not any("{item}" in line for line in step.lines):
        return [_Task(step, "", 0, tuple(served))]
    items: dict[str, list[Need]] = {}
    for need in served:
        items.setdefault(_item(need.fact), []).append(need)
    return [_Task(step, item, number, tuple(asking)) for number, (item, asking) in enumerate(items.items(), 1)]


def _each_key_once(tasks: Iterable[_Task]) -> Iterator[_Task]:
    """Yield the tasks without those that export only registry keys which an earlier task already exports."""
    exported: list[str] = []
    for task in tasks:
        keys = [key.lower() for line in task.lines() for key in _EXPORTED.findall(line)]
        if not keys or not all(any(f"{key}\\".startswith(f"{above}\\") for above in exported) for key in keys):
            exported += keys
            yield task


def _gives(step: Step, fact: str) -> bool:
    kind = catalogue.find(fact)
    if kind is None or kind.pattern not in step.gives:
        return False
    return not any("{item}" in line for line in step.lines) or bool(_item(fact))


def _item(fact: str) -> str:
    """Return the file or the key of a fact; empty if its name is not safe in a command."""
    kind = catalogue.find(fact)
    if kind is None:
        return ""
    part = kind.open_part(fact)
    if kind.pattern.startswith("file."):
        return part if _FILE.fullmatch(part) and not is_device_name(part) else ""
    key = part.partition("\\*\\")[0] if "*" in part else part.rpartition("\\")[0]
    return key if _KEY.fullmatch(key) else ""


def _explain(need: Need, *, by_hand: bool) -> Iterator[str]:
    count = len(need.findings)
    rules = ", ".join(dict.fromkeys(rule for _, rule in need.findings))
    yield f"{need.fact}: decides {count} finding{'' if count == 1 else 's'} ({rules}) on {_listed(need.hosts)}"
    if by_hand:
        yield f"    by hand: {catalogue.how_to_get(need.fact)}"


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _HOSTS_SHOWN
    return ", ".join(names[:_HOSTS_SHOWN]) + (f" and {more:,} more" if more > 0 else "")


# ---------------------------------------------------------------------------------------------- as a script

_CMD_BEGIN = (
    "setlocal",
    r"set OUT=%SystemDrive%\evtscan-%COMPUTERNAME%",  # quotes around it are not known to work on Windows NT 4.0
    'if not "%1"=="" set OUT=%1',
    r'if not exist "%OUT%\." md "%OUT%"',
    r'if not exist "%OUT%\." goto failed',
)
_CMD_END = (
    "echo The evidence is in %OUT%: copy that folder and scan it with evtscan.",
    "goto end",
    ":failed",
    "echo %OUT% cannot be made: give another folder, without spaces, as the first argument.",
    ":end",
    "endlocal",
)
_POWERSHELL_BEGIN = (
    'param([string] $Out = (Join-Path "$env:SystemDrive\\" "evtscan-$env:COMPUTERNAME"))',
    "New-Item -ItemType Directory -Force -Path $Out | Out-Null",
)
_POWERSHELL_END = ('Write-Output "The evidence is in ${Out}: copy that folder and scan it with evtscan."',)
_ADVICE = (
    "Run it as an administrator. It writes only into one folder: the first argument, else evtscan-NAME on the disk."
)


_ON_POWERSHELL = (
    "Where scripts may not run: powershell -ExecutionPolicy Bypass -File SCRIPT.ps1",
    "It needs PowerShell 2.0, which Windows Vista and Server 2008 get with KB968929; Windows 7 and later have it.",
)


def _script(generation: Generation, head: Iterable[str], tasks: Iterable[_Task]) -> str:
    """Assemble a script, with Windows line ends."""
    is_cmd = generation.shell is Shell.CMD
    mark = "rem" if is_cmd else "#"
    begin, end = (_CMD_BEGIN, _CMD_END) if is_cmd else (_POWERSHELL_BEGIN, _POWERSHELL_END)
    lines = ["@echo off"] if is_cmd else []
    advice = (_ADVICE,) if is_cmd else (_ADVICE, *_ON_POWERSHELL)
    lines += [_comment(mark, line) for line in (*head, *advice)]
    lines += ["", *begin]
    for task in tasks:
        lines += ["", _comment(mark, task.title), *task.lines()]
    lines += ["", *end]
    return "".join(f"{line}\r\n" for line in lines)


def _comment(mark: str, text: str) -> str:
    safe = _UNSAFE.sub("_", text.translate(_PLAIN))
    return f"{mark} {safe[:_MAX_COMMENT]}{' ...' if len(safe) > _MAX_COMMENT else ''}"
