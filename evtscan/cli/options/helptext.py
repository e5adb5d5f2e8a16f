"""The layout of ``--help``: options in sections, commands with their full description, and examples."""

from collections.abc import Mapping, Sequence
from typing import Any

from typer.core import TyperCommand, TyperGroup

from evtscan.cli.options.option import SECTIONS

WIDEST = 100
"""Maximum width of a help text."""

_TERMS = 30
"""Maximum width of the column of option names."""

EXAMPLES: Mapping[str, Sequence[str]] = {
    "scan": (
        "evtscan scan NTWS07/",
        "evtscan scan NTWS07.zip -o out/",
        "evtscan scan System.evtx --since 30d --min-level medium",
    ),
    "hunt": (
        "evtscan hunt logs/ -r sigma/rules/windows -o out/",
        "evtscan hunt *.evtx -r sigma.zip --min-level high --sort time -o timeline.csv",
        "evtscan hunt Security.evtx -r rules/ --tags credential-access --since 7d",
    ),
    "audit": (
        "evtscan audit hosts/ -o out/",
        'evtscan audit logs/ --host-from "{host}_*.evtx" -o out/',
        "evtscan audit hosts/ -o out/ --new-only --fail-on confirmed",
    ),
    "dump": (
        "evtscan dump Security.evtx --include-eid 4624-4625 --from 2024-01-01 -o logons.jsonl",
        "evtscan dump *.evtx --profile evtxecmd -o timeline.csv",
        "evtscan dump NTWS07/ --since 30d --excel -o last-month.csv",
    ),
    "metrics": ("evtscan metrics System.evtx", "evtscan metrics *.evtx -o metrics.json"),
    "facts": (
        "evtscan facts NTWS07/",
        "evtscan facts NTWS07/ --at 1997-01-28",
        "evtscan facts NTWS07/ --template",
    ),
    "timeline": ("evtscan timeline NTWS07/", "evtscan timeline NTWS07/ -t csv > timeline.csv"),
    "collect": (
        "evtscan collect --for modern -o collect.ps1",
        "evtscan collect --for nt4 --missing out/report.json -o collect.cmd",
    ),
    "explain": (
        "evtscan explain Q162396",
        "evtscan explain Dhcp/1008",
        "evtscan explain Q162396 NTWS07/",
    ),
    "report": (
        "evtscan report out/ -o report.html",
        "evtscan report --compare january/ february/",
    ),
    "config": ("evtscan config",),
    "list": ("evtscan rules list --area nt/dhcp", "evtscan rules list --level critical --level high"),
    "check": ("evtscan rules check", "evtscan rules check rules/nt/dns/truncated-answers.yml"),
    "new": ("evtscan rules new --event DNS/5501 --article Q198757 --product nt -o rules/nt/dns/truncated-answers.yml",),
}
"""Example command lines by command name."""


class Command(TyperCommand):
    """A command whose help lists its options in sections, and its examples at the end.

    The arguments of these methods have types that Typer does not publish.
    """

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Write the usage line, with optional parts in brackets."""
        return [piece.strip("{}") for piece in super().collect_usage_pieces(ctx)]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments and options, by section."""
        sections: dict[str, list[tuple[str, str]]] = {"Arguments": [], **{name: [] for name in SECTIONS}}
        for param in self.get_params(ctx):
            if record := param.get_help_record(ctx):
                rest = "Arguments" if param.param_type_name == "argument" else "Options"
                sections.setdefault(getattr(param, "rich_help_panel", None) or rest, []).append(record)
        terms = [term for records in sections.values() for term, _ in records if len(term) <= _TERMS]
        width = max(map(len, terms), default=0)
        for heading, records in sections.items():
            if records:
                with formatter.section(heading):
                    formatter.write_dl([(term.ljust(width), text) for term, text in records])

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the examples, one per line at any width, so that they can be copied."""
        if lines := EXAMPLES.get(self.name or ""):
            with formatter.section("Examples"):
                formatter.write("".join(f"{'':>{formatter.current_indent}}{line}\n" for line in lines))


class Group(TyperGroup):
    """A group whose help lists each command with its full description."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands; Typer would cut each after one line."""
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.help or "") for name, command in commands if command is not None])
