"""Days and hours as people say them: the reading half of the date grammar.

`DateReader` reads one phrase at a given word; `due.py` chooses among the phrases of a clause.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from engine.insights import calendar_days as days
from engine.insights.lexicon import mapping, numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.insights.normalise import Token

_DATES = "dates.txt"
_ORDINAL = re.compile(r"(\d{1,2})(?:st|nd|rd|th)")
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_CLOCK = re.compile(r"(\d{1,2})(?::(\d{2}))?(am|pm)?")
_QUARTER = re.compile(r"q([1-4])")
_NOON = 12


@dataclass(frozen=True, slots=True)
class DayRead:
    """A day, the hour that came with it (None: none), and how many words it took."""

    day: date
    length: int
    hour: int | None = None


@dataclass(frozen=True, slots=True)
class TimeRead:
    """A time of day, and how many words it took."""

    hour: int
    minute: int
    length: int


class DateReader:
    """Reads days and times in a row of words, reckoned from the day `today`."""

    def __init__(self, tokens: Sequence[Token], today: date) -> None:
        self._words = [token.word.removesuffix("'s") for token in tokens]
        self._marks = [token.mark for token in tokens]
        self._today = today
        self._weekdays = numbers(_DATES, "weekday") | numbers(_DATES, "weekday_short")
        self._months = numbers(_DATES, "month")
        self._counts = numbers(_DATES, "number")
        self._units = numbers(_DATES, "unit")
        self._followers = numbers(_DATES, "follower")

    def word(self, at: int) -> str:
        """The word at a place; empty outside."""
        return self._words[at] if 0 <= at < len(self._words) else ""

    def day(self, at: int) -> DayRead | None:
        """The longest phrase for a day that starts at word `at`."""
        readings = (self._phrase(at), self._weekday(at), self._span(at), self._calendar(at), self._month_day(at))
        return max((reading for reading in readings if reading is not None), key=lambda reading: reading.length, default=None)

    def time(self, at: int, *, asked: bool) -> TimeRead | None:
        """A time of day at word `at`; `asked` says that a word before it (`by`, `at`) calls for one."""
        word = self.word(at)
        parts = numbers(_DATES, "daypart")
        if asked and word in {"noon", "midday", "midnight", "lunch", "lunchtime"}:
            return TimeRead(parts[word], 0, 1)
        clock = _CLOCK.fullmatch(word)
        hour, minute, half = (int(clock[1]), int(clock[2] or 0), clock[3]) if clock else (self._counts.get(word, 0), 0, None)
        if not 1 <= hour <= 23 or minute > 59 or word in {"a", "an", "couple"}:
            return None
        length = 1
        if self.word(at + 1) in {"thirty", "fifteen"} and not clock:
            minute, length = self._counts[self.word(at + 1)], 2
        if half is None and self.word(at + length) in {"am", "pm"} and not self._marks[at + length - 1]:
            half, length = self.word(at + length), length + 1
        sure = half is not None or (clock is not None and clock[2] is not None)
        if self.word(at + length) in {"o'clock", "oclock", "sharp"}:
            sure, length = True, length + 1
        if not sure and (not asked or not self._ends(at + length - 1)):
            return None
        if half == "pm" or (half is None and hour < 7 and not (clock and len(clock[1]) == 2)):
            hour = hour if hour >= _NOON else hour + _NOON
        elif half == "am" and hour == _NOON:
            hour = 0
        return TimeRead(hour, minute, length)

    def part(self, at: int) -> TimeRead | None:
        """A part of the day (`morning`, `afternoon`) at word `at`, as the hour by which it is over."""
        hour = numbers(_DATES, "daypart").get(self.word(at))
        return None if hour is None else TimeRead(hour, 0, 1)

    def _ends(self, at: int) -> bool:
        """Whether a bare number at word `at` can stand for itself: nothing that it could count comes after it."""
        following = self.word(at + 1)
        return not following or bool(self._marks[at]) or following in self._followers or following in self._weekdays

    def _phrase(self, at: int) -> DayRead | None:
        table = mapping("due_phrases.txt")
        for length in range(5, 0, -1):
            value = table.get(" ".join(self._words[at : at + length])) if at + length <= len(self._words) else None
            if value is not None:
                day, _, extra = value.partition(" ")
                found = self._reckon(day, extra)
                return DayRead(found, length, int(extra) if extra.isdecimal() else None)
        return None

    def _reckon(self, rule: str, extra: str) -> date:
        name, _, amount = rule.partition("+")
        count, today = int(amount or 0), self._today
        if name == "day":
            return today + timedelta(days=count)
        if name == "week":
            friday = days.in_week(today, self._weekdays.get(extra, days.FRIDAY), count)
            return friday if friday >= today else friday + timedelta(days=7)
        if name == "weekend":
            return days.in_week(today, days.SUNDAY, count)
        if name == "before-weekend":
            friday = days.in_week(today, days.FRIDAY, count)
            return friday if friday >= today else friday + timedelta(days=7)
        if name == "month":
            return days.month_end(today, count)
        if name == "midmonth":
            return days.next_month_day(today, 15) or today
        if name == "monthstart":
            return days.month_end(today, count - 1) + timedelta(days=1)
        if name == "quarter":
            return days.quarter_end(today, count)
        if name == "year":
            return date(today.year + count, 12, 31)
        month, _, number = extra.partition("-")
        return days.next_date(today, int(month), int(number)) or today

    def _weekday(self, at: int) -> DayRead | None:
        word, lead = self.word(at), 0
        if word in {"this", "next", "coming"}:
            lead = 2 if self.word(at + 1) == "coming" else 1
        weekday = self._weekdays.get(self.word(at + lead))
        if weekday is None:
            return None
        length = lead + 1
        found = days.in_week(self._today, weekday, 1) if word == "next" else days.weekday_after(self._today, weekday)
        if self.word(at + length) == "week" and not lead:
            return DayRead(found + timedelta(days=7), length + 1)
        if (self.word(at + length), self.word(at + length + 1)) in {("next", "week"), ("this", "week"), ("of", "next")}:
            weeks = 1 if "next" in self._words[at + length : at + length + 2] else 0
            extra = 3 if self.word(at + length) == "of" else 2
            return DayRead(days.in_week(self._today, weekday, weeks), length + extra)
        dated = self._ordinal(at + length + (self.word(at + length) == "the"))
        if dated is not None:
            number, taken = dated
            found = self._matching(number, weekday) or found
            length += taken + (self.word(at + length) == "the")
        return DayRead(found, length)

    def _matching(self, number: int, weekday: int) -> date | None:
        """The next `number`th that is a `weekday`, within three months."""
        options = (days.month_day(self._today, number, months) for months in range(3))
        return next((day for day in options if day and day >= self._today and day.weekday() == weekday), None)

    def _span(self, at: int) -> DayRead | None:
        """`in two weeks`, `within the next three days`, `two weeks from now`, `a week from Friday`."""
        start, leading = at, self.word(at) in {"in", "within"}
        if leading:
            start += 1
            start += self.word(start) == "the"
            start += self.word(start) == "next"
        count = self._count(start)
        if count is None:
            return None
        amount, taken = count
        unit = self.word(start + taken)
        if unit not in self._units:
            return None
        end = start + taken + 1
        trailing = self.word(end) == "from"
        base, extra = self._today, 0
        if trailing:
            anchor = DayRead(self._today, 1) if self.word(end + 1) == "now" else self.day(end + 1)
            if anchor is None:
                return None
            base, extra = anchor.day, 1 + anchor.length
        elif not leading or self.word(end) in {"ago", "of"}:
            return None
        day = days.months_on(base, amount) if unit.startswith("month") else base + timedelta(days=amount * self._units[unit])
        return DayRead(day, end + extra - at)

    def _count(self, at: int) -> tuple[int, int] | None:
        word = self.word(at)
        if word == "a" and self.word(at + 1) in {"couple", "few"}:
            taken = 3 if self.word(at + 2) == "of" else 2
            return (2 if self.word(at + 1) == "couple" else 3), taken
        if word.isdecimal() and len(word) <= 3:
            return int(word), 1
        return (self._counts[word], 1) if word in self._counts else None

    def _ordinal(self, at: int) -> tuple[int, int] | None:
        """`21st`, `twenty first`, `third` as a day of the month, and the words it took."""
        word, ordinals = self.word(at), numbers(_DATES, "ordinal")
        match = _ORDINAL.fullmatch(word)
        if match:
            number, taken = int(match[1]), 1
        elif word in {"twenty", "thirty"} and ordinals.get(self.word(at + 1), 99) < 10:
            number, taken = self._counts[word] + ordinals[self.word(at + 1)], 2
        elif "-" in word and word.split("-")[0] in {"twenty", "thirty"}:
            number, taken = self._counts[word.split("-")[0]] + ordinals.get(word.split("-")[1], 99), 1
        else:
            number, taken = ordinals.get(word, 0), 1
        return (number, taken) if 1 <= number <= 31 else None

    def _month_day(self, at: int) -> DayRead | None:
        """`the twenty fifth`, `the first of December`, `the 3rd of next month`."""
        if self.word(at) != "the":
            return None
        dated = self._ordinal(at + 1)
        if dated is None:
            return None
        number, taken = dated
        end = at + 1 + taken
        if self.word(end) == "of":
            month = self._months.get(self.word(end + 1))
            if month:
                day = days.next_date(self._today, month, number)
                return DayRead(day, end + 2 - at) if day else None
            if self.word(end + 1) in {"next", "this"} and self.word(end + 2) == "month":
                day = days.month_day(self._today, number, 1 if self.word(end + 1) == "next" else 0)
                return DayRead(day, end + 3 - at) if day else None
            return None
        if self.word(at - 1) not in {"by", "on", "before", "until", "till", "for", "due", "to"} or not self._ends(end - 1):
            return None
        day = days.next_month_day(self._today, number)
        return DayRead(day, end - at) if day else None

    def _calendar(self, at: int) -> DayRead | None:
        """`November thirtieth`, `Dec 1`, `1 December`, `2026-12-01`, `Q3`, `December`."""
        word = self.word(at)
        iso = _ISO.fullmatch(word)
        if iso:
            try:
                return DayRead(date(int(iso[1]), int(iso[2]), int(iso[3])), 1)
            except ValueError:  # not a day of the calendar, so not a date
                return None
        quarter = _QUARTER.fullmatch(word)
        if quarter:
            month = 3 * int(quarter[1])
            day = days.next_date(self._today, month, 30 if month in {6, 9} else 31)
            return DayRead(day, 1) if day else None
        if word in self._months:
            return self._in_month(at, self._months[word])
        month_after = self._months.get(self.word(at + 1))
        dated = (int(word), 1) if word.isdecimal() and len(word) <= 2 else self._ordinal(at)
        if month_after and dated and dated[1] == 1:
            day = days.next_date(self._today, month_after, dated[0])
            return DayRead(day, 2) if day else None
        return None

    def _in_month(self, at: int, month: int) -> DayRead | None:
        start = at + 1 + (self.word(at + 1) == "the")
        dated = self._ordinal(start)
        if dated is None and self.word(start).isdecimal() and len(self.word(start)) <= 2:
            dated = int(self.word(start)), 1
        if dated:
            day = days.next_date(self._today, month, dated[0])
            return DayRead(day, start + dated[1] - at) if day else None
        if self.word(at - 1) in {"by", "in", "before", "until", "of"} and self.word(at) not in {"may", "march", "mar", "sat"}:
            first = days.next_date(self._today, month, 1)
            if first is None or month == self._today.month:
                first = self._today
            back = (
                first - timedelta(days=1)
                if self.word(at - 1) in {"by", "before"} and month != self._today.month
                else days.month_end(first)
            )
            return DayRead(back, 1)
        return None
