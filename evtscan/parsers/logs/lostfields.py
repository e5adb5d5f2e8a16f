"""System fields that Windows logs and that certain exports do not contain, for ``Event.unreadable``."""

NOT_BY_OLD_INTERFACE = frozenset(
    {
        "Version",
        "Opcode",
        "Keywords",
        "Provider_Guid",
        "Provider_EventSourceName",
        "Execution_ProcessID",
        "Execution_ThreadID",
        "Correlation_ActivityID",
        "Correlation_RelatedActivityID",
    }
)
"""Fields that a program does not see if it reads a log of Vista or later through the interface of NT."""

NOT_IN_TEXT = NOT_BY_OLD_INTERFACE | {"Qualifiers", "EventRecordID", "Task"}
"""Fields that the text formats of Vista and later do not print, or print only as localised words."""

WINEVENT_PROPERTIES = {
    "Channel": "LogName",
    "EventRecordID": "RecordId",
    "Computer": "MachineName",
    "Provider_Guid": "ProviderId",
    "Qualifiers": "Qualifiers",
    "Version": "Version",
    "Level": "Level",
    "Task": "Task",
    "Opcode": "Opcode",
    "Keywords": "Keywords",
    "Execution_ProcessID": "ProcessId",
    "Execution_ThreadID": "ThreadId",
    "Security_UserID": "UserId",
    "UserID": "UserId",
    "Correlation_ActivityID": "ActivityId",
    "Correlation_RelatedActivityID": "RelatedActivityId",
}
"""Field of a rule → property of Get-WinEvent's objects; if the property exists and is empty, the event has no such
value."""
