from example_rules import load_one

from evtscan.report.details import details_of, fields_tested, ordered, whole_text


def test_the_fields_that_a_rule_tests_come_first(tmp_path):
    rule = load_one(tmp_path, "sel: {C: 1, A|contains: x}\nfilter: {D: 2}\ncondition: sel and not filter")
    assert fields_tested([rule]) == ("C", "A", "D")
    data = ordered({"A": "a", "B": ["b", "c"], "C": {"x": "y"}}, fields_tested([rule]))
    assert details_of(data, "text") == "C={x: y}; A=a; B=b, c; text"
    assert details_of({}) == ""


def test_lone_surrogates_are_replaced():
    assert whole_text({"a\ud800": ["\udc00b", 1, None]}) == {"a\ufffd": ["\ufffdb", 1, None]}
