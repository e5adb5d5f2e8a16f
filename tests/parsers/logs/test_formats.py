"""Structured exports are known by their first bytes, and nothing else is taken for one."""

import pytest

from evtscan.parsers.logs.formats import is_clixml, is_event_json, is_event_xml

XML = [
    "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='A'/>",
    '<?xml version="1.0" encoding="utf-8" standalone="yes"?>\r\n<Events><Event xmlns="urn:x"><System>',
    "Record 1\n<Event xmlns='x'>\n  <System>\n",
    "C:\\>wevtutil qe System\r\n<Event xmlns='x'><System>",
    "<Events/>",
    '<?xml version="1.0"?><Events>\r\n</Events>',
]
JSON = [
    '{"Event":{"EventData":{"Message":"…',
    '[{"Event": {"#attributes": {',
    'Record 1\n{\n  "Event": {\n',
    '{"System":{"Provider":{"Name":"A"},"EventID":{"Value":1}',
    '{"@timestamp":"2024-01-01T00:00:00Z","agent":{"type":"winlogbeat"},',
    '{"@timestamp":"2024-01-01T00:00:00Z","winlog":{"event_id":"1"',
    '{"TimeCreated":"2001-03-14T09:26:53Z","EventID":1008,"EventLevel":2,"Provider":"Dhcp"',
    '{"Event":{"@xmlns":"http://schemas.microsoft.com/win/2004/08/events/event","System":{"Provider":{"@Name"',
    '[{"group":"Sigma","kind":"individual","document":{"kind":"evtx",',
    '{"took":1,"hits":{"total":1,"hits":[{"_source":{"winlog":{"channel":"System"',
    '[\r\n    {\r\n        "Id":  13,\r\n        "TimeCreated":  "x",\r\n        "LogName":  "System"',
    '[{"EventID": 7040, "Source": "X", "TimeGenerated": "',
]
CLIXML = [
    '<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">\r\n  <Obj RefId="0">\r\n'
    '    <TN RefId="0">\r\n      <T>System.Diagnostics.Eventing.Reader.EventLogRecord</T>',
]
OTHERS = [
    "",
    "<MsInfo><Metadata>",
    "<html><Event></html>",
    "<Events><Trigger>",
    'REGEDIT4\r\n\r\n[HKEY_LOCAL_MACHINE\\SYSTEM]\r\n"Event"="<Event><System>"',
    '{"name": "config", "System": {"path": "C:\\\\"}}',
    '[{"id": 1}]',
    '[{"Id": 1, "TimeCreated": "2020-01-01"}]',
    '{"group": "a", "kind": "b"}',
    '{"schema": 1, "hosts": []}',
    '<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04"><Obj RefId="0"><TN RefId="0">'
    "<T>System.ServiceProcess.ServiceController</T>",
    "Level,Date and Time,Source,Event ID,Task Category\r\n",
]
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_each_is_known_in_every_encoding(encoding: str) -> None:
    for recognises, heads in ((is_event_xml, XML), (is_event_json, JSON), (is_clixml, CLIXML)):
        assert [recognises(head.encode(encoding), "x") for head in heads] == [True] * len(heads)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_none_is_taken_for_another(encoding: str) -> None:
    for recognises, heads in (
        (is_event_xml, JSON + CLIXML + OTHERS),
        (is_event_json, XML + CLIXML + OTHERS),
        (is_clixml, XML + JSON + OTHERS),
    ):
        assert [head for head in heads if recognises(head.encode(encoding), "x")] == []
