"""Match one kind of event (event id, provider, channel) against the conditions of many rules.

Rules are numbered, and a set of rules is an integer with a bit for each rule. Each value of a field is tested for all
tests of its field at once (``FieldTests``). The result is a mask: the clauses of rules that the value satisfies, and
the rules that it vetoes. The combined masks of an event's values leave a few rules, and only these are evaluated.

A mask is one integer that consists of several sets of rules, one after the other: ``CLAUSES`` blocks with a bit for
each rule (one block for its first clause, one for its second …), then a block for vetoes.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any, Final

from evtscan.base.logic import Truth
from evtscan.base.model.event import Event
from evtscan.base.model.log import TextColumns
from evtscan.detection.match.clauses import clauses_of, vetoes_of
from evtscan.detection.match.eventtests import truth_in
from evtscan.detection.match.fields import (
    ABSENT,
    ALL_DATA,
    LOGGED_TEXTS,
    SYSTEM_NAMES,
    UNREADABLE,
    all_values,
    field_value,
    is_unnamed,
    key_of_field,
    text_values,
)
from evtscan.detection.match.fieldtests import FieldTests, Numbers, is_indexable
from evtscan.detection.match.narrowing import answering
from evtscan.detection.model.condition import All, Condition, Not, Test, Unobservable, tests_in
from evtscan.detection.model.condition import Any as AnyOf
from evtscan.detection.model.derive import Derived, with_derived
from evtscan.detection.model.values import scalars_of

CLAUSES: Final = 3
"""Clauses of a rule that are checked before it is evaluated."""

MAX_VALUES: Final = 1 << 14
"""Values of one field whose answers are kept; when there are more, all are forgotten."""

MAX_LENGTH: Final = 512
"""Characters of a value whose answer is kept; longer ones seldom repeat."""

MAX_LAYOUTS: Final = 256
"""Lists of data names that are looked at once for all events that have them."""

KEYWORDS: Final = ""
"""The field of tests of all values."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of a value for the tests of its field: the true tests, their mask, and if the others are unknown."""

    mask: int
    true: Numbers
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """One condition on events of a kind, and the fields that its rule derives."""

    condition: Condition
    derive: tuple[Derived, ...] = ()


Answers = list[Answer]
"""An answer for each field, in the order of ``KindMatcher.fields``."""

_Verdict = Callable[[Answers, Callable[[], Event]], Truth]
"""The truth of a condition, given the answers of an event's values; the event itself where they do not suffice."""


class KindMatcher:
    """Finds the conditions that events of one kind meet."""

    def __init__(self, asked: Sequence[Asked]) -> None:
        self._count = len(asked)
        self._every = (1 << self._count) - 1
        numbered = _Numbering()
        masks: dict[tuple[int, int], int] = {}
        base = 0
        for place, one in enumerate(asked):
            derived = {each.name for each in one.derive}
            indexed = _is_indexed_without(derived)
            for test in tests_in(one.condition):
                if indexed(test):
                    numbered.add(test)
            clauses = clauses_of(one.condition, indexed)[:CLAUSES]
            for block in range(CLAUSES):
                bit = 1 << (block * self._count + place)
                if block >= len(clauses):
                    base |= bit
                    continue
                for test in clauses[block]:
                    key = numbered.add(test)
                    masks[key] = masks.get(key, 0) | bit
            for test in vetoes_of(one.condition, indexed):
                key = numbered.add(test)
                masks[key] = masks.get(key, 0) | 1 << (CLAUSES * self._count + place)
        self._base = base
        vetoes = self._every << (CLAUSES * self._count)
        self.fields = tuple(numbered.fields)
        self._columns = [
            FieldAnswers(
                FieldTests(tests), [masks.get((place, number), 0) for number in range(len(tests))], without=vetoes
            )
            for place, tests in enumerate(numbered.tests)
        ]
        self._keywords = numbered.fields.get(KEYWORDS)
        self._layouts: dict[tuple[str, ...], _Layout] = {}
        self._asked, self._numbered = tuple(asked), numbered
        self._verdicts: dict[int, _Verdict] = {}

    # -------------------------------------------------------------------------------------------- of events

    def met_by(self, event: Event) -> Iterator[tuple[int, Truth]]:
        """Yield the conditions that an event meets (TRUE) or may meet (UNKNOWN), by their index, in order."""
        mask, answers = self._answers(event)
        places = self._candidates(mask)
        if not places:
            return
        for place in _bits(places):
            truth = self._verdict(place)(answers, lambda: event)
            if truth is not Truth.FALSE:
                yield place, truth

    def may_meet(self, event: Event) -> bool:
        """Whether an event meets at least one condition, or may meet one."""
        return next(self.met_by(event), None) is not None

    # ------------------------------------------------------------------------------------------- of columns

    def rows_that_may_meet(self, columns: TextColumns) -> list[int]:
        """Return the positions of all records that may meet a condition, and perhaps of others.

        Fields of System are read only for keywords; any other test of a field of System counts as possibly true.
        """
        layout = self._layout(tuple(columns.data_names))
        mask = layout.mask
        masks: list[list[int]] = []
        for name, _, _, column in layout.direct:
            masks.append(list(map(column.masks.__getitem__, columns.data_texts(name))))
        for _, _, column in layout.looked_up:
            mask |= column.unreadable.mask
        if self._keywords is not None:
            column = self._columns[self._keywords]
            if not column.needs_letters:
                mask |= column.unreadable.mask
            masks += [list(map(column.masks.__getitem__, columns.data_texts(name))) for name in columns.data_names]
            masks += [
                list(map(column.masks.__getitem__, (text or "" for text in columns.column(name))))
                for name in LOGGED_TEXTS
            ]
        masks = [each for each in masks if any(each)]
        if not masks:
            return list(range(len(columns))) if self._candidates(mask) else []
        candidates = self._candidates
        return [row for row, each in enumerate(zip(*masks, strict=True)) if candidates(reduce(or_, each, mask))]

    def _verdict(self, place: int) -> _Verdict:
        """Return a condition compiled to a function, which is done at its first use; most conditions are never used."""
        found = self._verdicts.get(place)
        if found is None:
            found = self._verdicts[place] = _verdict(self._asked[place], self._numbered)
        return found

    def _candidates(self, mask: int) -> int:
        """Return the set of conditions whose clauses are all satisfied and that are not vetoed."""
        count = self._count
        found = mask & (mask >> count) & (mask >> 2 * count) & self._every
        return found & ~(mask >> 3 * count) if found else 0

    def _answers(self, event: Event) -> tuple[int, Answers]:
        data = event.data
        if event.unreadable or not _FLAT.issuperset(map(type, data.values())):
            return self._slow_answers(event)
        layout = self._layout(tuple(data))
        mask, answers = layout.mask, layout.answers.copy()
        for name, place, kept, column in layout.direct:
            value = data[name]
            answer = kept.get(value)
            if answer is None:
                answer = column.of_text(value)
            mask |= answer.mask
            answers[place] = answer
        for field, place, column in layout.looked_up:
            answer = column.of_value(field_value(event, field))
            mask |= answer.mask
            answers[place] = answer
        if self._keywords is not None:
            answer = self._keyword_answer(event)
            mask |= answer.mask
            answers[self._keywords] = answer
        return mask, answers

    def _slow_answers(self, event: Event) -> tuple[int, Answers]:
        """Return mask and results for an event with nested values, or with fields that its evidence cannot contain."""
        answers = []
        for field, column in zip(self.fields, self._columns, strict=True):
            if field == KEYWORDS:
                answer = self._keyword_answer(event)
                answers.append(column.opened(answer) if event.unreadable else answer)
            else:
                answer = column.of_value(field_value(event, field))
                lacks = field == ALL_DATA and any(map(is_unnamed, event.unreadable))
                answers.append(column.opened(answer) if lacks else answer)
        return reduce(or_, (answer.mask for answer in answers), self._base), answers

    def _keyword_answer(self, event: Event) -> Answer:
        assert self._keywords is not None, "only asked where a condition has keywords"
        column = self._columns[self._keywords]
        if not column.needs_letters:
            return column.of_scalars(scalars_of(all_values(event)))
        texts = (text for text in text_values(event) if text)
        return column.of_scalars((*scalars_of(list(event.data.values())), *texts))

    def _layout(self, names: tuple[str, ...]) -> "_Layout":
        """Return the layout of events with these data names."""
        layout = self._layouts.get(names)
        if layout is not None:
            return layout
        layout = _Layout(self._base, [column.absent for column in self._columns], [], [])
        for field, place in zip(self.fields, range(len(self.fields)), strict=True):
            column = self._columns[place]
            if field == KEYWORDS:
                continue
            if field in SYSTEM_NAMES or field == ALL_DATA:
                layout.looked_up.append((field, place, column))
                continue
            name = key_of_field(names, field)
            if name is None:
                layout.mask |= column.absent.mask
            else:
                layout.direct.append((name, place, column.kept, column))
        if len(self._layouts) >= MAX_LAYOUTS:
            self._layouts.clear()
        self._layouts[names] = layout
        return layout


_FLAT: Final = frozenset({str})


def _bits(mask: int) -> Iterator[int]:
    """Yield the indexes of the bits that are set, in order."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


# ------------------------------------------------------------------------------------------------ of values


@dataclass(slots=True)
class _Layout:
    """How to get the fields of events with the same data names: directly by data name, or by a look-up in the event."""

    mask: int
    answers: Answers
    direct: list[tuple[str, int, Mapping[str, Answer], "FieldAnswers"]]
    looked_up: list[tuple[str, int, "FieldAnswers"]]


class _Masks(dict[str, int]):
    """A cache from texts to the masks of their results."""

    def __init__(self, answers: "FieldAnswers") -> None:
        super().__init__()
        self._answers = answers

    def __missing__(self, text: str) -> int:
        mask = self._answers.of_text(text).mask
        if len(text) <= MAX_LENGTH:
            self[text] = mask
        return mask


class FieldAnswers:
    """The results for the values of one field, cached."""

    def __init__(self, tests: FieldTests, masks: Sequence[int], *, without: int) -> None:
        self._tests, self._masks = tests, masks
        self._by_tests: dict[Numbers, Answer] = {}
        self._every_mask = reduce(or_, masks, 0) & ~without
        self.kept: dict[str, Answer] = {}
        """Answers of texts, to be looked at before ``of_text`` is called."""
        self.needs_letters = tests.needs_letters
        """Whether numbers and times can be left out (see ``FieldTests``)."""
        self.masks = _Masks(self)
        """Masks of the answers of texts."""
        self.absent = self._answer(tests.absent)
        self.unreadable = Answer(self._every_mask, frozenset(), is_open=True)

    def of_text(self, text: str) -> Answer:
        """Return the result for a text."""
        answer = self.kept.get(text)
        if answer is None:
            answer = self._answer(self._tests.of_text(text))
            if len(text) <= MAX_LENGTH:
                if len(self.kept) >= MAX_VALUES:
                    self.kept.clear()
                    self.masks.clear()
                self.kept[text] = answer
        return answer

    def of_value(self, value: Any) -> Answer:
        """Return the result for any value of a field, including ``ABSENT`` and ``UNREADABLE``."""
        if type(value) is str:
            return self.of_text(value)
        if value is ABSENT:
            return self.absent
        if value is UNREADABLE:
            return self.unreadable
        return self.of_scalars(scalars_of(value))

    def of_scalars(self, values: Iterable[Any]) -> Answer:
        """Return the combined result for several values; for no values, the result of an absent field."""
        answers = [self.of_text(value) if type(value) is str else self._of_other(value) for value in values]
        if len(answers) < 2:
            return answers[0] if answers else self.absent
        true = [answer.true for answer in answers if answer.true]
        return self._answer(frozenset[int]().union(*true)) if true else answers[0]

    def _of_other(self, value: Any) -> Answer:
        return self._answer(self._tests.of_scalar(value))

    def opened(self, answer: Answer) -> Answer:
        """Return the result for a field that may have more values than the evidence contains."""
        return Answer(answer.mask | self._every_mask, answer.true, is_open=True)

    def _answer(self, true: Numbers) -> Answer:
        answer = self._by_tests.get(true)
        if answer is None:
            if len(self._by_tests) >= MAX_VALUES:
                self._by_tests.clear()
            masks = self._masks
            answer = self._by_tests[true] = Answer(reduce(or_, (masks[number] for number in true), 0), true)
        return answer


# ------------------------------------------------------------------------------------------------ conditions


class _Numbering:
    """Assigns numbers to fields, and to the distinct tests of each field."""

    def __init__(self) -> None:
        self.fields: dict[str, int] = {}
        self.tests: list[list[Test]] = []
        self._numbers: dict[tuple[Any, ...], tuple[int, int]] = {}

    def add(self, test: Test) -> tuple[int, int]:
        """Return the number of a test's field, and the number of the test among the tests of that field."""
        key = (test.field, test.operator, test.cased, test.values, tuple(map(type, test.values)))
        found = self._numbers.get(key)
        if found is None:
            place = self.fields.setdefault(test.field, len(self.fields))
            if place == len(self.tests):
                self.tests.append([])
            found = self._numbers[key] = place, len(self.tests[place])
            self.tests[place].append(test)
        return found


def _is_indexed_without(derived: set[str]) -> Callable[[Test], bool]:
    """Return a function that decides whether the value of a test's field determines its result.

    This is not the case for derived fields, whose names are given.
    """
    if derived:  # a keyword may stand in a derived field, too
        return lambda test: is_indexable(test) and test.field not in derived and test.field != KEYWORDS
    return is_indexable


def _verdict(asked: Asked, numbered: _Numbering) -> _Verdict:
    if asked.derive:
        answer, derive = answering(asked.condition), asked.derive
        return lambda answers, event: answer(with_derived(event(), derive))
    return _verdict_of(asked.condition, numbered)


def _verdict_of(condition: Condition, numbered: _Numbering) -> _Verdict:
    match condition:
        case Test():
            return _verdict_of_test(condition, numbered)
        case All(children):
            return _joined([_verdict_of(child, numbered) for child in children], Truth.FALSE)
        case AnyOf(children):
            return _joined([_verdict_of(child, numbered) for child in children], Truth.TRUE)
        case Not(child):
            inner = _verdict_of(child, numbered)
            return lambda answers, event: ~inner(answers, event)
        case Unobservable():
            return lambda answers, event: Truth.UNKNOWN


def _joined(parts: Sequence[_Verdict], decisive: Truth) -> _Verdict:
    """Return the conjunction of the parts if ``decisive`` is FALSE, the disjunction if it is TRUE."""
    neutral = ~decisive

    def verdict(answers: Answers, event: Callable[[], Event]) -> Truth:
        result = neutral
        for part in parts:
            truth = part(answers, event)
            if truth is decisive:
                return truth
            if truth is Truth.UNKNOWN:
                result = truth
        return result

    return verdict


def _verdict_of_test(test: Test, numbered: _Numbering) -> _Verdict:
    if not is_indexable(test):
        return lambda answers, event: truth_in(event(), test)
    place, number = numbered.add(test)

    def verdict(answers: Answers, event: Callable[[], Event]) -> Truth:
        answer = answers[place]
        if number in answer.true:
            return Truth.TRUE
        return Truth.UNKNOWN if answer.is_open else Truth.FALSE

    return verdict
