"""Literals that a match of a pattern must contain: none is claimed that a match may lack."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evtscan.detection.match.literals import MIN_LENGTH, literal_of_wildcards, literals_of_regex
from evtscan.detection.model.condition import Test
from evtscan.detection.model.modifiers import compiled, encodable, parts_of, predicate_of


@pytest.mark.parametrize(
    ("pattern", "literals"),
    [
        (r"abcdef", ("abcdef",)),
        (r"(?i)ABCdef", ("abcdef",)),
        (r"ab.cdef", ("cdef",)),
        (r"abcd?efg", ("abc", "efg")[:1]),
        (r"abcd*", ("abc",)),
        (r"abcd+ef", ("abcd",)),
        (r"abc{2}", ("abc",)),
        (r"abcd{0,3}", ("abc",)),
        (r"a{,3}bcd", ("a{,3}bcd",)),  # RE2 takes this brace as it is
        (r"(one|other)x", ("one", "other")),
        (r"(one|of)xyz", ("xyz",)),
        (r"(one|)", None),
        (r"one|two", ("one", "two")),
        (r"one|t", None),
        (r"(?:abc)?defg", ("defg",)),
        (r"(?P<name>abc)\d", ("abc",)),
        (r"[abc]def", ("def",)),
        (r"[]abc]def", ("def",)),
        (r"[[:alpha:]]def", ("def",)),
        (r"\.exe\\", (".exe\\",)),
        (r"\x41bcd", ("bcd",)),
        (r"\x{41}bcd", ("bcd",)),
        (r"\pLabc\p{Greek}", ("abc",)),
        (r"\Qabc\E", None),
        (r"ab\?cd", None),
        (r"ab", None),
        (r"äöüabc", ("abc",)),
        (r"", None),
    ],
)
def test_literals_of_expressions(pattern, literals):
    assert literals_of_regex(pattern) == literals


@pytest.mark.parametrize(
    ("pattern", "literal"),
    [
        ("*Abc*defG*", "defg"),
        ("a?c", None),
        (r"*a\?bcd*", "bcd"),
        ("*ß??*", None),
        ("???", None),
        ("*STRASSE?", "strasse"),
    ],
)
def test_the_literal_of_a_pattern(pattern, literal):
    assert literal_of_wildcards(parts_of(pattern)[::2]) == literal


atoms = st.sampled_from(
    [
        "a",
        "b",
        "K",
        "s",
        "ab",
        "abc",
        ".",
        r"\.",
        r"\d",
        "[ab]",
        "[^a]",
        r"\x61",
        r"\?",
        "(?i)",
        "ſ",
        "é",
        r"\b",
        "^",
        r"\s",
    ]
)
expressions = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=5).map("".join),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: f"({'|'.join(parts)})"),
        st.tuples(
            inner.map("(?:{})".format) | atoms, st.sampled_from(["*", "+", "?", "{0}", "{2}", "{1,2}", "+?"])
        ).map("".join),
        inner.map("(?i:{})".format),
    ),
    max_leaves=8,
)
texts = st.text(alphabet="abcABKkKsSſé.1? \n\ud800", max_size=12)


@settings(deadline=None, max_examples=400)
@given(expressions, st.lists(texts, max_size=8))
def test_a_match_contains_one_of_the_literals(pattern, found):
    try:
        search = compiled(pattern).search
    except ValueError:
        return
    literals = literals_of_regex(pattern)
    if literals is None:
        return
    assert all(len(literal) >= MIN_LENGTH for literal in literals)
    samples = [*found, *literals, *(literal.upper() for literal in literals), *("".join(found) + x for x in literals)]
    for text in samples:
        if search(encodable(text)):
            assert any(literal in text.casefold() for literal in literals)


@settings(deadline=None, max_examples=200)
@given(st.text(alphabet="abK*?\\ß", max_size=8), st.lists(texts, max_size=6))
def test_a_value_that_a_pattern_matches_contains_its_literal(pattern, found):
    literal = literal_of_wildcards(parts_of(pattern)[::2])
    if literal is not None:
        matches = predicate_of(Test(field="F", values=(pattern,), text=""))
        assert all(literal in text.casefold() for text in found if matches(text))
