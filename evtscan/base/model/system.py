"""The fields of an event's System element: the single table of their names, from which all other tables are derived."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

FieldKind = Literal["number", "text", "name", "guid", "hex", "time"]
"""How a field's text is read: ``text`` may be empty, an empty ``name`` means that the record has none."""


@dataclass(frozen=True, slots=True)
class SystemField:
    """One field of System.

    Attributes:
        name: the attribute of ``Event``.
        element: the child element of System that contains the field.
        attribute: the attribute of that element, or ``""`` if the field is the element's text.
        rule_name: the name by which rules refer to the field.
        column: the column of ``evtscan dump``.
        kind: the type of the field, which determines how its text is parsed.
        bits: the size of a number in the event log's format, 0 for other kinds.
    """

    name: str
    element: str
    attribute: str
    rule_name: str
    column: str
    kind: FieldKind
    bits: int = 0


SYSTEM_FIELDS: tuple[SystemField, ...] = (
    SystemField("event_id", "EventID", "", "EventID", "EventID", "number", 16),
    SystemField("qualifiers", "EventID", "Qualifiers", "Qualifiers", "Qualifiers", "number", 16),
    SystemField("provider", "Provider", "Name", "Provider_Name", "Provider", "name"),
    SystemField("provider_guid", "Provider", "Guid", "Provider_Guid", "ProviderGUID", "guid"),
    SystemField(
        "event_source_name", "Provider", "EventSourceName", "Provider_EventSourceName", "EventSourceName", "name"
    ),
    SystemField("version", "Version", "", "Version", "Version", "number", 8),
    SystemField("level", "Level", "", "Level", "EventLevel", "number", 8),
    SystemField("task", "Task", "", "Task", "Task", "number", 16),
    SystemField("opcode", "Opcode", "", "Opcode", "Opcode", "number", 8),
    SystemField("keywords", "Keywords", "", "Keywords", "Keywords", "hex"),
    SystemField("time", "TimeCreated", "SystemTime", "TimeCreated", "TimeCreated", "time"),
    SystemField("record_id", "EventRecordID", "", "EventRecordID", "RecordID", "number", 64),
    SystemField("activity_id", "Correlation", "ActivityID", "Correlation_ActivityID", "ActivityID", "guid"),
    SystemField(
        "related_activity_id",
        "Correlation",
        "RelatedActivityID",
        "Correlation_RelatedActivityID",
        "RelatedActivityID",
        "guid",
    ),
    SystemField("process_id", "Execution", "ProcessID", "Execution_ProcessID", "ProcessID", "number", 32),
    SystemField("thread_id", "Execution", "ThreadID", "Execution_ThreadID", "ThreadID", "number", 32),
    SystemField("channel", "Channel", "", "Channel", "Channel", "text"),
    SystemField("computer", "Computer", "", "Computer", "Computer", "text"),
    SystemField("user_id", "Security", "UserID", "Security_UserID", "UserID", "name"),
)
"""In the order of the elements in System. The schema is that of MS-EVEN6 and Microsoft's ``event.xsd``."""

BY_NAME: Mapping[str, SystemField] = {field.name: field for field in SYSTEM_FIELDS}
BY_COLUMN: Mapping[str, SystemField] = {field.column: field for field in SYSTEM_FIELDS}

LEVEL_NAMES: Mapping[str, int] = {
    "critical": 1,
    "error": 2,
    "warning": 3,
    "information": 4,
    "informational": 4,
    "info": 4,
    "verbose": 5,
}
"""Windows' number of an event's level by its name in lower case."""
