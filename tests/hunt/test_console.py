import io

from hunting import Rows, process
from rich.console import Console

from evtscan.hunt.outputs.console import RULES_SHOWN, render
from evtscan.hunt.run import hunt

RULE = """\
title: Rule {number:02}
id: 00000000-0000-4000-8000-{number:012}
status: test
logsource: {{product: windows, category: process_creation}}
detection: {{sel: {{Image|endswith: .exe}}, condition: sel}}
level: {level}
tags: [attack.execution]
"""


def printed(sources, rules):
    rows = Rows()
    hunt(sources, rules, sinks=[rows])
    stream = io.StringIO()
    render(rows.hunted, Console(file=stream, width=120, color_system=None))
    return [line.rstrip() for line in stream.getvalue().splitlines()]


def test_a_long_list_ends_with_the_number_of_the_rest(rules, log):
    texts = (RULE.format(number=number, level="high" if number == 7 else "low") for number in range(RULES_SHOWN + 3))
    lines = printed(
        [log([process("a.exe", 1), process("b.exe", 61, computer="=\x1b[31mX")])], rules("---\n".join(texts))
    )
    assert lines[0] == "56 detections by 28 rules on 2 computers, 2024-05-01T10:00:01 to 2024-05-01T10:01:01"
    assert lines[1].strip() == "0 critical, 2 high, 0 medium, 54 low, 0 informational"
    assert lines[4].split() == ["high", "2", "2024-05-01T10:00:01", "2024-05-01T10:01:01", "Rule", "07"]
    assert lines.count("and 3 more") == 1
    assert any(line.endswith("\\x1b[31mX") for line in lines)
    assert lines[-1].split()[-1] == "execution"


def test_nothing_found(rules, log):
    assert printed([log([process("/bin/sh")])], rules()) == ["No rule matches."]
