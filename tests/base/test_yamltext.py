import datetime

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from evtscan.base import yamltext
from evtscan.base.yamltext import MAX_DEPTH, YamlProblem, YamlSyntaxError, load, load_documents

RULE = """\
# a comment
title: x
when:
    os.version: '4.0'
    any: [1, {a: 2}]
date: 2024-01-31
"""


def test_data_is_what_safe_load_gives_and_every_entry_has_its_line() -> None:
    document = load(RULE)

    assert document.data == yaml.safe_load(RULE)
    assert document.data["date"] == datetime.date(2024, 1, 31)
    assert document.problems == ()
    assert document.lines == {
        (): 2,
        ("title",): 2,
        ("when",): 3,
        ("when", "os.version"): 4,
        ("when", "any"): 5,
        ("when", "any", 0): 5,
        ("when", "any", 1): 5,
        ("when", "any", 1, "a"): 5,
        ("date",): 6,
    }


def test_documents_keep_lines_of_the_file() -> None:
    first, second = load_documents("a: 1\n---\n- b\n- c\n")

    assert (first.data, first.lines[("a",)]) == ({"a": 1}, 1)
    assert (second.data, second.lines[(1,)]) == (["b", "c"], 4)


def test_a_second_document_is_refused_where_one_is_wanted() -> None:
    with pytest.raises(YamlSyntaxError, match="second document") as caught:
        load("a: 1\n---\nb: 2\n")
    assert caught.value.line == 3


@pytest.mark.parametrize("text", ["", "\n", "# nothing\n", "---\n", "\ufeff"])
def test_an_empty_text_is_none(text: str) -> None:
    assert load(text).data is None


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("4.0", "4.0"),
        ("3.50", "3.50"),
        ("1997-05-01", "1997-05-01"),
        ("010", "010"),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("on", "on"),
        (".inf", ".inf"),
        ("", ""),
        ("'2'", "2"),
        ('"true"', "true"),
        ("!!str 2", "2"),
        ("2", 2),
        ("-1", -1),
        ("0x200", 0x200),
        ("99999999999999999999", "99999999999999999999"),
        ("true", True),
        ("Yes", True),
        ("FALSE", False),
        ("no", False),
        ("null", None),
        ("~", None),
    ],
)
def test_scalars_as_written(written: str, value: object) -> None:
    data = load(f"a: {written}\n", plain_text_scalars=True).data["a"]
    assert (data, type(data)) == (value, type(value))


def test_a_key_that_stands_twice_is_a_problem_and_the_first_stays() -> None:
    document = load("a: 1\nb:\n  c: 1\n  c: 2\na: 3\n")

    assert document.data == {"a": 1, "b": {"c": 1}}
    assert document.problems == (
        YamlProblem(4, ("b", "c"), "'c' stands in line 3 already: write it once"),
        YamlProblem(5, ("a",), "'a' stands in line 1 already: write it once"),
    )


def test_entries_that_cannot_be_read_are_problems_beside_the_rest() -> None:
    document = load("a: 2001-99-99\nb: !x [1]\nc: !!python/name:os.system y\n? [1]\n: 2\nd: 4\n")

    assert document.data == {"a": "2001-99-99", "b": [1], "c": "y", "d": 4}
    assert [(problem.line, problem.path) for problem in document.problems] == [
        (1, ("a",)),
        (2, ("b",)),
        (3, ("c",)),
        (4, ()),
    ]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: 1\nb: [", 2, "expected"),
        ("a: b: c", 1, "mapping values"),
        ("a: 1\n\t- b", 2, "found a tab|cannot start any token"),
        ("a: 1\nb: \x00", 2, "may not stand in YAML"),
        ("a: 1\nb: \udcff", 2, "may not stand in YAML"),
        ("a: *x", 1, "stands for nothing"),
        ("&a [*a]", 1, "stands for nothing"),
        ("[" * 200, 1, "nested deeper"),
        ("[" * 5000, 1, "nested deeper|maximum nesting depth"),  # newer libyaml has a limit of its own
        ("a: 1\n" * 300_000, 1, "longer than"),
    ],
)
def test_a_text_without_structure_names_its_line(text: str, line: int, message: str) -> None:
    with pytest.raises(YamlSyntaxError, match=message) as caught:
        load(text)
    assert caught.value.line in (line, line + 1)  # the two parsers of PyYAML see the end of the text a line apart


def test_aliases_and_merge_keys_follow_yaml() -> None:
    text = "x: &x {a: 1, b: [2]}\ny: *x\nz: {<<: *x, a: 3}\nw: {<<: [{a: 5}, {a: 6, c: 7}]}\n"
    document = load(text)

    assert document.data == yaml.safe_load(text)
    assert document.lines[("y", "b", 0)] == 1
    assert document.lines[("z", "b")] == 3
    assert document.line(("z", "b", 0)) == 3


def test_a_merge_of_no_map_is_a_problem() -> None:
    assert load("a: {<<: 5}\n").problems == (YamlProblem(1, ("a",), "<< takes a map or a list of maps"),)


def test_aliases_can_be_refused() -> None:
    with pytest.raises(YamlSyntaxError, match="is an alias"):
        load("a: &x 1\nb: *x\n", aliases=False)


def test_aliases_that_double_are_bounded() -> None:
    laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 9)
    )
    with pytest.raises(YamlSyntaxError, match="aliases"):
        load(laughs)


def test_aliases_that_nest_are_bounded() -> None:
    tower = "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}]\n" for i in range(1, MAX_DEPTH + 2))
    with pytest.raises(YamlSyntaxError, match="nested deeper"):
        load(tower)


@pytest.mark.parametrize("text", [RULE, "a: 'x'\nb: !!str 4\nc: [~, 1.5, 0x1F]\n"])
def test_pyyamls_own_parser_gives_the_same(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    both = [load(text), load(text, plain_text_scalars=True)]
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    assert [load(text), load(text, plain_text_scalars=True)] == both


words = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp"]), max_size=8)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | words | st.dates()
trees = st.recursive(
    scalars,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(words, below, max_size=4),
    max_leaves=12,
)


@settings(deadline=None, max_examples=80)
@given(trees)
def test_what_pyyaml_writes_is_read_back(tree: object) -> None:
    document = load(yaml.safe_dump(tree, allow_unicode=True))
    assert (document.data, document.problems) == (tree, ())


@settings(deadline=None, max_examples=80)
@given(st.text(alphabet="ab:-[]{}&*!|>'\"#%@,? \n\t~<0.\x85\ufeff", max_size=60), st.booleans())
def test_any_text_gives_data_or_a_line(text: str, as_written: bool) -> None:
    try:
        lines = [
            line for document in load_documents(text, plain_text_scalars=as_written) for line in document.lines.values()
        ]
    except YamlSyntaxError as error:
        lines = [error.line]
    assert all(1 <= line <= len(text.splitlines()) + 2 for line in lines)


def test_the_limit_is_of_the_caller() -> None:
    assert load("a: 1", limit=4).data == {"a": 1}
    with pytest.raises(YamlSyntaxError, match="longer than 3"):
        load("a: 1", limit=3)
    assert yamltext.MAX_SIZE == 1 << 20


@pytest.mark.parametrize(
    "written",
    [
        "!!bool foo",
        '!!bool ""',
        '!!int ""',
        "!!int foo",
        '!!float ""',
        "!!float foo",
        "!!timestamp foo",
        "!!binary é",
        "!!seq foo",
        "!!map foo",
        ":".join(["1"] * 400),
        ":".join(["1"] * 500_000),
        ":".join(["1"] * 400) + ".0",
        "!!float " + ":".join(["1"] * 400),
        "9" * 900_000,
        "!!timestamp 2001-13-41",
        "!!timestamp 2001-01-01T00:00:00+99:99",
    ],
)
def test_a_scalar_that_is_none_of_its_tag_is_a_problem_at_its_line(written: str) -> None:
    document = load(f"title: x\ncustom: {written}\nlast: 1\n")
    assert (document.data["title"], document.data["last"]) == ("x", 1)
    if isinstance(document.data["custom"], str):
        assert [(problem.line, problem.path) for problem in document.problems] == [(2, ("custom",))]
        assert len(document.problems[0].message) < 300
    else:  # a number in base 60 of 400 places
        assert document.data["custom"] == (60**400 - 1) // 59


def test_as_written_no_tag_counts_but_that_of_text() -> None:
    document = load("a: !!bool foo\nb: !!str 1", plain_text_scalars=True)
    assert document.data == {"a": "foo", "b": "1"}
    assert [problem.path for problem in document.problems] == [("a",)]
