import json

import pytest
from jsonschema import Draft202012Validator, ValidationError

from evtscan.report.model import Report
from evtscan.reporters.json.report import dump
from evtscan.reporters.json.schema import report_schema


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(report_schema())


def test_a_report_fits_it(report: Report) -> None:
    Draft202012Validator(report_schema()).validate(json.loads(dump(report)))


@pytest.mark.parametrize(("field", "value"), [("verdict", "bad"), ("status", "old"), ("count", "1"), ("rule_id", None)])
def test_what_is_no_report_does_not(full: Report, field: str, value: object) -> None:
    document = json.loads(dump(full))
    document["hosts"][1]["findings"][0][field] = value
    with pytest.raises(ValidationError):
        Draft202012Validator(report_schema()).validate(document)


def test_fields_of_a_later_form_are_allowed(full: Report) -> None:
    document = json.loads(dump(full)) | {"later": 1}
    Draft202012Validator(report_schema()).validate(document)


def test_every_class_says_what_it_is() -> None:
    descriptions = {name: item.get("description") for name, item in report_schema()["$defs"].items()}
    assert {name for name, text in descriptions.items() if not text} <= {"Truth"}
    assert "findings.csv" in str(descriptions["Finding"])
    assert "\n    " not in str(descriptions["Finding"])
