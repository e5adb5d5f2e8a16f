"""A log of several hosts or channels → one log for each host and channel.

A collector keeps the events that others forward to it, each with the Channel and the Computer that it had; an export of
a custom view holds several channels of one host.
"""

from dataclasses import replace
from functools import partial
from itertools import groupby

from evtscan.base.model.event import Event
from evtscan.base.model.log import Log, LogSummary
from evtscan.base.model.problems import ProblemKind

FORWARDED = "forwardedevents"
_LONGEST_CHANNEL = 255


def is_forwarded(log: Log) -> bool:
    """Whether a log is a collector's: by its name or channel, or by alternating computer names.

    A renamed host shows each of its names in one run; alternating names, or two names together with several channels,
    belong to two hosts.
    """
    channels = {name.casefold() for name in map(_channel, {event.channel for event in log.events}) if name}
    if FORWARDED in {*channels, (log.summary.channel or "").casefold()} or _is_named_so(log):
        return True
    named = [event.computer for event in log.events if event.computer]
    label = {name: label_of(name).casefold() for name in set(named)}
    labels = list(map(label.__getitem__, named))
    computers = len(set(labels))
    turns = sum(1 for _ in groupby(labels)) - 1
    return computers > 1 and (len(channels) > 1 or turns > 2 * (computers - 1))


def split_log(log: Log) -> list[Log]:
    """The parts of a log by computer and channel; the log itself if it is an ordinary one.

    A part is filtered, because a subscription or a view selected its events. Its counts are those of the selected
    events; a collector's log without selected events has no parts.
    """
    by_computer = is_forwarded(log)
    parts: dict[tuple[str, str], list[Event]] = {}
    keys: dict[tuple[str | None, str | None], tuple[str, str]] = {}
    for event in log.events:
        names = (event.computer if by_computer else None, event.channel)
        if names not in keys:
            keys[names] = label_of(names[0] or "").casefold(), _channel(names[1]).casefold()
        parts.setdefault(keys[names], []).append(event)
    if not by_computer:
        parts = _without_oddities(parts)
        if len(parts) < 2:
            return [log]
    return [_part(log, events, by_computer) for events in parts.values()]


def label_of(name: str) -> str:
    """The first label of a computer name."""
    return name.partition(".")[0]


def _is_named_so(log: Log) -> bool:
    return log.source.base_name.casefold().startswith(FORWARDED)


def _channel(name: str | None) -> str:
    """The channel of an event; nothing where damage has left something else in its place."""
    channel = name or ""
    return channel if channel.isprintable() and len(channel) <= _LONGEST_CHANNEL else ""


def _without_oddities(parts: dict[tuple[str, str], list[Event]]) -> dict[tuple[str, str], list[Event]]:
    """Parts by channel; events that may be damaged (no channel, or a channel named once) are added to the largest
    part.
    """
    largest = max(parts, key=lambda key: (key[1] != "", len(parts[key])), default=("", ""))
    kept: dict[tuple[str, str], list[Event]] = {}
    for key, events in parts.items():
        odd = not key[1] or len(events) == 1
        kept.setdefault(largest if odd else key, []).extend(events)
    return {key: sorted(events, key=lambda event: event.sequence) for key, events in kept.items()}


def _part(log: Log, events: list[Event], by_computer: bool) -> Log:
    names = tuple(dict.fromkeys(event.computer for event in events if event.computer))
    summary = replace(
        log.summary,
        channel=next(filter(None, (_channel(event.channel) for event in events)), None),
        computers=names if by_computer else log.summary.computers,
        newest_computer=names[-1] if by_computer and names else log.summary.newest_computer,
        records=len(events),
        first_sequence=events[0].sequence,
        last_sequence=events[-1].sequence,
        first_time=events[0].time,
        last_time=events[-1].time,
        filtered=True,
        clock_steps=() if by_computer else log.summary.clock_steps,
    )
    return Log(
        source=log.source,
        summary=summary,
        events=tuple(events),
        forwarded=by_computer,
        problems=None if log.problems is None else log.problems.of(partial(_is_of_part, summary, by_computer)),
    )


def _is_of_part(summary: LogSummary, by_computer: bool, kind: ProblemKind) -> bool:
    """Whether a kind of problem is of the channel of a part, and of its computer if parts are by computer."""
    if kind.channel.casefold() != (summary.channel or "").casefold():
        return False
    label = label_of(kind.computer).casefold()
    return not by_computer or label in {label_of(name).casefold() for name in summary.computers}
