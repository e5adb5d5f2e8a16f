"""What is known of a fact, by the design's words: slow and obvious, for tests that make time lines up."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Said:
    """One statement of the oracle: in which session, at which record, and whether it is a snapshot without time.

    A value of None is one that is left open; ``since``: it began there.
    """

    session: int
    place: int
    value: int | None
    is_snapshot: bool
    dated: bool
    since: bool

    @property
    def when(self):
        return self.place if self.dated or not self.is_snapshot else 1000


def oracle(said, bounds, whole_session, session, place):  # noqa: C901 - one branch for each sentence of the design
    """Basis and value, by the design's words: one sentence after the other, looking at everything each time."""
    began = [item for item in said if item.is_snapshot and item.since]
    history = [item.value for item in sorted(began, key=lambda item: (item.session, item.when))]
    over = set(history[:-1]) - set(history[-1:])
    said = [item for item in said if not (item.is_snapshot and not item.dated and item.value in over)]

    def stated_in(number):
        """The statements of a session in order; a value of None stands for what is left open."""
        mine = sorted((item for item in said if item.session == number), key=lambda item: item.when)
        mine = [item for item in mine if item.value is not None or item.since] or mine
        snapshots = [item for item in mine if item.is_snapshot]
        result = [(item.when, item.value, False, item.since) for item in mine if not item.is_snapshot]
        if any(not item.dated for item in snapshots):
            values = {item.value for item in snapshots}
            if len(values) == 1:
                result += [(item.when, item.value, True, item.since) for item in snapshots]
            else:  # the time of one is not known, and they disagree
                result.append((1000, None, True, False))
        else:
            for moment in {item.when for item in snapshots}:
                same = [item for item in snapshots if item.when == moment]
                values = {item.value for item in same}
                result.append((moment, values.pop() if len(values) == 1 else None, True, same[0].since))
        return sorted(result, key=lambda item: item[0])

    def admits(number, value):
        low, high = bounds[number]
        return value is None or (low <= value <= high)

    if session is None:
        values = {item.value for item in said}
        always = len(values) == 1 and all(admits(number, *values) for number in bounds)
        begins = any(item.since and not item.is_snapshot for item in said)
        return ("CARRIED_BACK", *values) if always and not begins else ("UNKNOWN", None)
    here = stated_in(session)
    before = [item for item in here if item[0] <= place]
    if before:
        return ("STATED", before[-1][1])
    if here and whole_session and not here[0][3] and (session not in bounds or admits(session, here[0][1])):
        return ("STATED", here[0][1])
    for number, (_, value, is_snapshot, _) in enumerate(here):
        until_then = here[: number + 1]
        if is_snapshot and not whole_session and all(item[1] == value and not item[3] for item in until_then):
            return ("STATED", value)
    for number in range(session - 1, -1, -1):
        if stated_in(number):
            value = stated_in(number)[-1][1]
            spoken_against = [b for b in bounds if number < b <= session and not admits(b, value)]
            if not spoken_against:
                return ("CARRIED_FORWARD", value)
            break
    for number in range(session, 10):
        if stated_in(number):
            _, value, is_snapshot, since = stated_in(number)[0]
            if since and not is_snapshot:
                break  # before it began
            limiting = [b for b in bounds if b <= session and all(not stated_in(n) for n in range(b, session))]
            if session in bounds:
                limiting = [session]
            if limiting and not admits(max(limiting), value):
                break
            return ("CARRIED_BACK", value)
    return ("UNKNOWN", None)
