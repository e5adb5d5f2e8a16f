"""The documentation says what is true: generated parts are current, and the README's commands are the ones CI runs."""

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "docs"))

import generate  # noqa: E402 - it lies beside the pages that it writes

from evtscan.cli import all_commands  # noqa: E402
from evtscan.cli.output.session import rules_of  # noqa: E402
from evtscan.parsers import PARSERS  # noqa: E402
from evtscan.rulecheck.problems import check  # noqa: E402

README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def test_generated_parts_are_current():
    assert [page.name for page in generate.stale()] == [], "run python docs/generate.py"


@pytest.mark.parametrize("name", sorted(generate.GENERATORS))
def test_each_generated_table_is_on_a_page(name):
    pages = [page.read_text("utf-8") for pattern in generate.FILES for page in ROOT.glob(pattern)]
    assert any(f"<!-- generated: {name} -->" in page for page in pages)


@pytest.mark.parametrize("row", PARSERS, ids=lambda row: row.name)
def test_every_format_says_what_it_keeps_and_loses_and_how_it_is_known(row):
    for text in (row.keeps, row.loses, row.known_by):
        assert len(text) > 5
        assert text[-1] not in ".;, "
    shown = f"| `{row.name}` | {row.title} | {row.keeps} | {row.loses} | {row.known_by} |"
    assert shown.replace("`", "") in (ROOT / "docs" / "formats.md").read_text("utf-8").replace("`", "")


def test_a_stale_part_is_noticed():
    text = "<!-- generated: formats -->\n| old |\n<!-- end -->"
    assert generate.regenerated(text) != text
    assert generate.regenerated(generate.regenerated(text)) == generate.regenerated(text)


def test_first_command_audits_the_samples_and_second_runs_the_tests():
    assert "evtscan audit samples/hosts -o out\n" in BLOCKS[0]
    assert "pytest" in BLOCKS[1]
    for block in BLOCKS[:2]:
        assert "python3 -m venv" in block  # each works alone in a fresh clone


def test_the_example_of_writing_rules_passes_the_check(tmp_path):
    page = (ROOT / "docs" / "writing-rules.md").read_text("utf-8")
    (example,) = re.findall(r"^```yaml\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    path = tmp_path / "truncated-answers.yml"
    path.write_text(example, "utf-8")
    alone, beside_the_catalogue = check([path], beside=tmp_path), check([path])
    assert [str(problem) for problem in alone.problems] == []
    assert alone.cases == 5
    assert {
        problem.lint for problem in beside_the_catalogue.problems
    } == set()  # as the page says: one article, one answer


def test_the_catalogue_page_has_every_rule_and_says_what_was_left_out():
    page = (ROOT / "docs" / "catalogue.md").read_text("utf-8")
    files = set(re.findall(r"\]\(\.\./rules/([^)]+)\)", page))
    assert files == {rule.info.file for rule in rules_of(None).rules if not rule.silent}
    assert "| article | what | why it is no rule |" in page


def test_internal_links_lead_somewhere():
    for pattern in generate.FILES:
        for page in ROOT.glob(pattern):
            for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text("utf-8")):
                assert (page.parent / target).exists(), f"{page.name}: {target}"


def commands_of(page):
    """The command lines of a page that begin with evtscan, in blocks and between backquotes."""
    blocks = re.findall(r"^(?:    )?(evtscan [a-z].*)$", page, re.MULTILINE)
    return [re.split(r"\s{2,}|\s[#>|]\s", line)[0] for line in [*blocks, *re.findall(r"`(evtscan [a-z][^`]*)`", page)]]


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))], ids=lambda page: page.name
)
def test_the_commands_of_a_page_are_there_with_their_options(page):
    commands = all_commands()
    for line in commands_of(page.read_text("utf-8")):
        words = [word.strip(".,;:()\"'") for word in line.split()[1:]]
        command = commands.get(words[0])
        if command is None:  # a sentence that begins with the name of the program
            continue
        command = getattr(command, "commands", {}).get(words[1] if len(words) > 1 else "", command)
        options = {option for parameter in command.params for option in parameter.opts} | {"-", "--help"}
        assert {word for word in words if word.startswith("-")} <= options, line
