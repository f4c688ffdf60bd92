"""When something is due: the phrase of a clause that says so, reckoned from the time and zone of the message."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from engine.insights.dates import DateReader, DayRead, TimeRead
from engine.insights.lexicon import numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.insights.normalise import Token

_DATES = "dates.txt"
_CLOSE = time(17)
"""When a day without an hour is reckoned to be over."""
_LAST = time(23, 59)
_ASKS_TIME = frozenset({"by", "at", "before", "until", "till", "around", "after"})
_LEADS = frozenset(
    {
        "by",
        "before",
        "until",
        "till",
        "on",
        "for",
        "at",
        "around",
        "over",
        "the",
        "this",
        "due",
        "to",
        "after",
        "no",
        "later",
        "than",
    }
)


@dataclass(frozen=True, slots=True)
class DueRead:
    """A time that was said; `first` and `last` are the places of its words, `deadline` whether a word such as `by` leads it."""

    when: datetime
    first: int
    last: int
    deadline: bool


def find(tokens: Sequence[Token], now: datetime) -> list[DueRead]:
    """All times to come that are said in a row of words, in order."""
    reader = DateReader(tokens, now.date())
    past = numbers(_DATES, "past")
    found: list[DueRead] = []
    at = 0
    while at < len(tokens):
        read = _moment(reader, at, now)
        if read is None or reader.word(at - 1) in past or reader.word(at + read[1]) in {"ago", "off"}:
            at += 1
            continue
        when, length = read
        first = at
        while first and reader.word(first - 1) in _LEADS and at - first < 4:
            first -= 1
        leading = {reader.word(place) for place in range(first, at + 1)}
        deadline = not leading.isdisjoint(numbers(_DATES, "deadline"))
        found.append(DueRead(when, first, at + length - 1, deadline))
        at += length
    return found


def choose(reads: Sequence[DueRead]) -> DueRead | None:
    """The one that counts: a deadline before other times, and the first of its sort."""
    return min(reads, key=lambda read: (not read.deadline, read.first), default=None)


def _moment(reader: DateReader, at: int, now: datetime) -> tuple[datetime, int] | None:
    """A day with or without a time, or a time alone, at word `at`; with the number of words."""
    asked = reader.word(at - 1) in _ASKS_TIME
    day = reader.day(at)
    if day is not None:
        following = _time_after(reader, at + day.length)
        length = day.length + (following[1] if following else 0)
        return _at(day, following[0] if following else None, now), length
    clock = reader.time(at, asked=asked)
    if clock is None:
        return None
    end = at + clock.length
    end += reader.word(end) == "on"
    later = reader.day(end)
    if later is not None:
        return _at(later, clock, now), end + later.length - at
    when = datetime.combine(now.date(), time(clock.hour % 24, clock.minute), now.tzinfo)
    return (when if when > now else when + timedelta(days=1)), clock.length


def _time_after(reader: DateReader, at: int) -> tuple[TimeRead, int] | None:
    """A time right after a day: `morning`, `at three`, `by 5 pm`."""
    part = reader.part(at)
    if part is not None:
        exact = reader.time(at + 2, asked=True) if reader.word(at + 1) in _ASKS_TIME else None
        return (exact, exact.length + 2) if exact else (part, 1)
    lead = 1 if reader.word(at) in _ASKS_TIME else 0
    clock = reader.time(at + lead, asked=bool(lead))
    return None if clock is None else (clock, clock.length + lead)


def _at(day: DayRead, clock: TimeRead | None, now: datetime) -> datetime:
    hour = clock.hour if clock else day.hour
    at = _CLOSE if hour is None else time(min(hour, 23), clock.minute if clock else 0)
    when = datetime.combine(day.day, at, now.tzinfo)
    return when if when > now or day.day != now.date() else datetime.combine(day.day, _LAST, now.tzinfo)
