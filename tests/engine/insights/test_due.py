from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from engine.insights import due
from engine.insights.normalise import normalise

# A Wednesday morning.
NOW = datetime(2026, 11, 18, 10, tzinfo=ZoneInfo("America/New_York"))


def day(text: str) -> str:
    read = due.choose(due.find(normalise(text), NOW))
    return "" if read is None else read.when.strftime("%m-%d")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("send it by Friday", "11-20"),
        ("send it tomorrow", "11-19"),
        ("done by the end of the week", "11-20"),
        ("done before the weekend", "11-20"),
        ("next Monday", "11-23"),
        ("next friday", "11-27"),
        ("on the 21st", "11-21"),
        ("by the twenty fifth", "11-25"),
        ("in two weeks", "12-02"),
        ("within the next three days", "11-21"),
        ("two weeks from Friday", "12-04"),
        ("tonight", "11-18"),
        ("by 3 pm", "11-18"),
        ("by end of next week", "11-27"),
        ("by the end of the month", "11-30"),
        ("by the end of the quarter", "12-31"),
        ("by the first of december", "12-01"),
        ("before November thirtieth", "11-30"),
        ("over the weekend", "11-22"),
        ("after the weekend", "11-23"),
        ("this week", "11-20"),
        ("early next week", "11-24"),
        ("the day after tomorrow", "11-20"),
        ("eod", "11-18"),
        ("2026-12-24", "12-24"),
        ("from Wednesday to Friday, by Thursday", "11-19"),
    ],
)
def test_phrases_people_use(text: str, expected: str) -> None:
    assert day(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "I may do that",
        "he sat down",
        "hang on a second",
        "by the second draft",
        "the first thing",
        "last Friday",
        "every Monday",
        "on Fridays",
        "it takes two weeks",
        "three days ago",
        "by two points",
        "it costs at least five dollars",
        "we march on",
        "on the 2026-13-45",
    ],
)
def test_traps(text: str) -> None:
    assert not day(text)


def test_hours_and_the_zone_of_the_message() -> None:
    read = due.choose(due.find(normalise("by Thursday at 3:30 p.m."), NOW))
    assert read is not None
    assert read.when == datetime(2026, 11, 19, 15, 30, tzinfo=NOW.tzinfo)


def test_the_end_of_the_week_said_on_a_saturday_lies_ahead() -> None:
    saturday = NOW.replace(day=21)
    read = due.choose(due.find(normalise("by the end of the week"), saturday))
    assert read is not None
    assert read.when > saturday


def test_today_late_in_the_evening_is_not_in_the_past() -> None:
    late = NOW.replace(hour=22)
    read = due.choose(due.find(normalise("i'll do it today"), late))
    assert read is not None
    assert read.when > late
    assert read.when.date() == late.date()
