import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evtscan.base.model.finding import Finding, MissingFact
from evtscan.base.model.rule import RuleInfo
from evtscan.base.model.source import EvidenceRow
from evtscan.collecting import GENERATIONS, collect_all, collect_missing
from evtscan.collecting.needs import Missing, Need, missing_in
from evtscan.collecting.steps import MODERN, NT4, WIN2000
from evtscan.facts.catalogue.names import CATALOGUE, how_to_settle
from evtscan.parsers.reports.recognition import tool_of_head
from evtscan.report.model import HostReport, Report

RULE = RuleInfo(id="r1", title="DHCP", level="medium", article="Q162396")
OTHER = RuleInfo(id="r2", title="No article", level="low")
BY_HAND = {"os.update_date"}
"""Facts that no command prints on a host before Windows 10."""


def finding(
    host: str, *missing: str | MissingFact, rule: RuleInfo = RULE, verdict: str = "possible", **fields
) -> Finding:
    return Finding(
        finding_id=f"{host}-{rule.id}",
        host=host,
        computer=host,
        verdict=verdict,
        rule_id=rule.id,
        missing=tuple(
            item if isinstance(item, MissingFact) else MissingFact(fact=item, how_to_get="x", collectable=True)
            for item in missing
        ),
        **fields,
    )


def report(*hosts: tuple[str, str, list[Finding]]) -> Report:
    rows = tuple(HostReport(host=host, version=version, findings=tuple(found)) for host, version, found in hosts)
    return Report(hosts=rows, rules=(RULE, OTHER))


def test_needs_are_ranked_by_the_open_findings_they_decide():
    saved = report(
        ("A", "4.0", [finding("A", "component.ras", "os.service_pack"), finding("A", "os.build", rule=OTHER)]),
        ("B", "", [finding("B", "os.service_pack"), finding("B", "os.build", verdict="confirmed")]),
        ("C", "5.0", [finding("C", "os.service_pack")]),
        ("D", "5.0", [finding("D", verdict="excluded")]),
    )
    missing = missing_in(saved, NT4)
    assert missing.needs == (
        Need(fact="os.service_pack", findings=(("A", "Q162396"), ("B", "Q162396"))),
        Need(fact="component.ras", findings=(("A", "Q162396"),)),
        Need(fact="os.build", findings=(("A", "No article"),)),
    )
    assert missing.others == ("C",)


@pytest.mark.parametrize(
    ("version", "names"),
    [
        ("3.51", ["nt4"]),
        ("4.0", ["nt4"]),
        ("5.0", ["2000"]),
        ("5.2", ["2000"]),
        ("6.0", ["modern"]),
        ("10.0", ["modern"]),
    ],
)
def test_a_host_of_known_version_belongs_to_one_generation(version, names):
    saved = report(("A", version, [finding("A", "os.service_pack")]))
    assert [row.name for row in GENERATIONS if missing_in(saved, row).needs] == names


def test_instructions_beyond_a_fact_are_kept():
    text = "Compare Rasarp.sys with the one in the service pack."
    saved = report(("A", "4.0", [finding("A", "os.service_pack", MissingFact(how_to_get=text))]))
    assert missing_in(saved, NT4).notes == (("A", text),)
    assert f"rem A: {text}\r\n" in collect_missing(NT4, missing_in(saved, NT4))


def test_a_key_is_exported_once():
    below = (r"registry.SYSTEM\CurrentControlSet\Services\Tcpip\Parameters\X", r"registry.SYSTEM\Setup\Y")
    script = collect_all(NT4, below)
    assert "HKEY_LOCAL_MACHINE\\SYSTEM\\Setup" in script
    assert script.count("HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services") == 1


def test_what_evidence_left_open_is_not_gathered_again():
    left_open = MissingFact(fact="component.ras", how_to_get=how_to_settle("component.ras"))
    saved = report(("A", "4.0", [finding("A", left_open, "os.build")]))
    missing = missing_in(saved, NT4)
    assert missing.needs == (Need(fact="os.build", findings=(("A", "Q162396"),)),)
    assert missing.notes == (("A", f"component.ras: {how_to_settle('component.ras')}"),)


def test_only_what_decides_is_gathered_the_most_decisive_first():
    needs = (
        Need(fact="component.ras", findings=(("A", "Q1"), ("B", "Q1"), ("C", "Q1"))),
        Need(fact="os.service_pack", findings=(("A", "Q1"),)),
    )
    script = collect_missing(NT4, Missing(needs=needs))
    assert "rem component.ras: decides 3 findings (Q1) on A, B, C\r\n" in script
    assert "rem os.service_pack: decides 1 finding (Q1) on A\r\n" in script
    services, version = script.index("Services.reg"), script.index("CurrentVersion.reg")
    assert services < version
    assert "ProductOptions.reg" not in script
    assert "[A, B, C]" in script


def test_files_and_keys_by_name():
    facts = ["file.rasarp.sys.date", "file.rasarp.sys.linked", r"registry.SYSTEM\CurrentControlSet\Control\Print\Start"]
    script = collect_all(NT4, facts)
    assert script.count(r'copy "%SystemRoot%\system32\drivers\rasarp.sys" "%OUT%"') == 1
    assert (
        r'start /wait regedit /e "%OUT%\key-1.reg" "HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\Print"'
        in script
    )
    assert "'rasarp.sys'" in collect_all(MODERN, facts)


@pytest.mark.parametrize("generation", GENERATIONS, ids=lambda row: row.name)
@pytest.mark.parametrize("name", ["con", "nul.sys", "lpt1.dll"])
def test_the_name_of_a_device_reaches_no_command(generation, name):
    """The report that names the fact may come from anywhere."""
    needs = (Need(fact=f"file.{name}.version", findings=(("A", "Q1"),)),)
    lines = [line for line in collect_missing(generation, Missing(needs=needs)).splitlines() if name in line]
    assert lines
    assert all(line.startswith(("rem ", "# ", "::")) for line in lines)


@pytest.mark.parametrize("generation", GENERATIONS, ids=lambda row: row.name)
def test_a_script_left_among_the_evidence_is_none(generation):
    script = collect_all(generation, ["file.rasarp.sys.date"]).encode("ascii")
    assert tool_of_head(script) is None


def test_what_no_command_gives_is_said():
    script = collect_missing(WIN2000, Missing(needs=(Need(fact="os.update_date", findings=(("A", "Q1"),)),)))
    assert "by hand: note the newest update of the host and write 'os.update_date: ...' in a facts.yaml" in script
    assert "regedit /e" not in script


def test_paths_in_comments_can_be_read():
    notes = (("A", r"Compare Rasarp.sys in %SystemRoot%\System32\drivers with “that” of the pack"),)
    script = collect_missing(NT4, Missing(notes=notes))
    assert r"rem A: Compare Rasarp.sys in SystemRoot\System32\drivers with 'that' of the pack" in script


def test_the_modern_script_says_which_powershell_it_needs():
    assert "# It needs PowerShell 2.0, which Windows Vista and Server 2008 get with KB968929" in collect_all(MODERN, ())


def test_nothing_missing():
    script = collect_missing(NT4, Missing(others=("W2K",)))
    assert "rem Nothing is missing on such hosts.\r\n" in script
    assert "rem Not for W2K: of another generation, see --for.\r\n" in script


@pytest.mark.parametrize("generation", GENERATIONS, ids=lambda row: row.name)
def test_each_generation_gives_what_the_catalogue_names(generation):
    given_ = {pattern for step in generation.steps for pattern in step.gives}
    patterns = {kind.pattern for kind in CATALOGUE}
    assert given_ <= patterns
    assert {"os.version", "os.service_pack", "hotfix", "component.ras", "file.NAME.version", "registry.PATH"} <= given_
    assert given_ & BY_HAND == (BY_HAND if generation is MODERN else set())


@pytest.mark.parametrize("generation", GENERATIONS, ids=lambda row: row.name)
def test_scripts_have_line_ends_of_windows_and_plain_characters(generation):
    script = collect_all(generation, ["file.rasarp.sys.date"])
    assert script.isascii()
    assert script.count("\n") == script.count("\r\n") > 20
    assert "{item}" not in script
    assert "{{" not in script


def test_labels_of_the_batch_files_exist():
    for generation in (NT4, WIN2000):
        lines = collect_all(generation, []).split("\r\n")
        targets = {match[1] for line in lines if (match := re.search(r"\bgoto (\w+)$", line))}
        assert targets == {line[1:] for line in lines if line.startswith(":")}


HOSTILE = (
    "& calc",
    '" & calc & "',
    "%COMSPEC%",
    "^| calc",
    "> C:\\boot.ini",
    "'; calc; '",
    "`calc`",
    "$(calc)",
    "line\r\ncalc",
    "line\ncalc",
    "/?",
    "\u2028calc",
    "‘; calc; ’",
)
BASE = {row.name: set(collect_all(row, []).split("\r\n")) for row in GENERATIONS}


def commands(script: str, name: str) -> set[str]:
    """The lines that are neither comments nor part of every script."""
    mark = "#" if name == "modern" else "rem "
    return {line for line in re.split(r"\r\n|[\r\n\u2028]", script) if not line.startswith(mark)} - BASE[name]


@pytest.mark.parametrize("generation", GENERATIONS, ids=lambda row: row.name)
@pytest.mark.parametrize("text", HOSTILE)
def test_names_of_a_report_never_reach_a_command(generation, text):
    facts = (f"file.{text}.date", rf"registry.SYSTEM\{text}\Start", f"service.{text}.start", text)
    needs = tuple(Need(fact=fact, findings=((text, text),)) for fact in facts)
    script = collect_missing(generation, Missing(needs=needs, notes=((text, text),), others=(text,)))
    assert commands(script, generation.name) == set()
    for line in script.split("\r\n"):
        if line.startswith(("rem ", "#")):
            assert not re.search(r"[^][A-Za-z0-9 .,:;_()/\\'+#-]", line), line


@settings(deadline=None, max_examples=100)
@given(name=st.text(max_size=80), generation=st.sampled_from(GENERATIONS))
def test_whatever_a_fact_is_called_the_commands_hold_only_plain_names(name, generation):
    needs = tuple(Need(fact=fact, findings=(("A", "Q1"),)) for fact in (f"file.{name}.size", f"registry.{name}"))
    for line in commands(collect_missing(generation, Missing(needs=needs)), generation.name):
        assert name in line or name.rpartition("\\")[0] in line
        assert re.fullmatch(r"[A-Za-z0-9 _.{}()\\-]*", name)


def test_scripts_for_powershell_have_no_syntax_error():
    tree_sitter = pytest.importorskip("tree_sitter")
    grammar = pytest.importorskip("tree_sitter_pwsh")
    parser = tree_sitter.Parser(tree_sitter.Language(grammar.language()))
    (modern,) = [row for row in GENERATIONS if row.name == "modern"]
    facts = ["file.tcpip.sys.version", "file.win32k.sys.date", r"registry.SYSTEM\CurrentControlSet\Services\Dhcp\Start"]
    for script in (collect_all(modern, facts), collect_missing(modern, Missing(needs=(Need(fact=facts[0]),)))):
        assert "tcpip.sys" in script
        assert not parser.parse(script.encode()).root_node.has_error
        assert parser.parse(script.replace("}", "", 1).encode()).root_node.has_error


def log_row(channel: str, *, filtered: bool = False) -> EvidenceRow:
    return EvidenceRow(
        source_file=f"{channel}.evtx", size=1, format="evtx", records=5, channels=(channel,), filtered=filtered
    )


def test_logs_that_are_missing_are_exported_the_system_log_first() -> None:
    ask = MissingFact(how_to_get="collect the log as a whole")
    rule = replace(RULE, channels=("system", "microsoft-windows-x/operational"))
    open_one = finding("B", ask, rule=rule)
    hosts = (
        HostReport(host="A", version="10.0"),
        HostReport(host="B", version="10.0", findings=(open_one,), evidence=(log_row("System", filtered=True),)),
        HostReport(host="C", version="10.0", evidence=(log_row("System"),)),
        HostReport(host="OLD", version="4.0"),
    )
    missing = missing_in(Report(hosts=hosts, rules=(rule,)), MODERN)
    assert missing.logs == (("System", ("A", "B")), ("microsoft-windows-x/operational", ("B",)))
    script = collect_missing(MODERN, missing)
    assert "wevtutil.exe epl 'System' (Join-Path $Out 'System.evtx') /ow:true" in script
    assert "'microsoft-windows-x%4operational.evtx'" in script
    assert script.index("# Event log System [A, B]") < script.index("# Event log microsoft")
    assert "Nothing is missing" not in script
    old = collect_missing(NT4, missing_in(Report(hosts=hosts, rules=(rule,)), NT4))
    assert "The event log System: missing on OLD" in old
    assert "rem Event logs" in old


def test_a_channel_that_a_shell_could_act_on_is_not_exported() -> None:
    script = collect_missing(MODERN, Missing(logs=(("x'; rm", ("A",)),)))
    assert "wevtutil" not in script
