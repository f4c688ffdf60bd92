from __future__ import annotations

import io

import pytest
from rich.console import Console

from bot.local.screen import NOTICED, LiveScreen, insight_text, meter
from bot.local.talk import Noticed, Said, Saying, TalkedAbout
from wire.base import Payload, Person
from wire.insights import DueBy, MessageReference, StreamInsight


def insight(key: str, text: str, kind: str = "question", **more: object) -> StreamInsight:
    return StreamInsight.model_validate(
        {"id": key, "type": kind, "message_reference": MessageReference(id="m"), "payload": Payload(content=text), **more}
    )


def drawn(screen: LiveScreen) -> str:
    console = Console(file=io.StringIO(), width=100)
    with console.capture() as captured:
        console.print(screen.render())
    return captured.get()


@pytest.fixture
def scrolled() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def screen(scrolled: io.StringIO) -> LiveScreen:
    return LiveScreen(Console(file=scrolled, width=100), "Headset")


def test_what_is_being_said_is_replaced_and_goes_when_it_is_final(screen: LiveScreen, scrolled: io.StringIO) -> None:
    screen.tell(Saying("Ana", "Good more"))
    screen.tell(Saying("Ana", "Good morning"))
    before = drawn(screen)
    screen.tell(Said(61.0, 62.0, "Ana", "Good morning."))
    assert "Ana: Good morning" in before
    assert "Good more" not in before
    assert "Good" not in drawn(screen)
    assert scrolled.getvalue() == "[1:01] Ana: Good morning.\n"


def test_insights_stand_under_the_text_the_newest_last_and_bounded(screen: LiveScreen) -> None:
    for number in range(NOTICED + 2):
        screen.tell(Noticed(insight(str(number), f"Question {number}?")))
    screen.tell(Noticed(insight("3", "Question three?")))
    screen.tell(TalkedAbout(("release plan", "budget")))
    shown = [line.strip("│ ") for line in drawn(screen).splitlines() if "Question" in line]
    assert shown == [f"? Question {number}?" for number in (2, *range(4, 10))] + ["? Question three?"]
    assert "# release plan, budget" in drawn(screen)


def test_the_meter_and_the_time_are_redrawn(screen: LiveScreen) -> None:
    screen.heard(75.0, -30.0)
    assert "█████       1:15  Headset" in drawn(screen)


@pytest.mark.parametrize(("level", "cells"), [(-120.0, 0), (-60.0, 0), (-30.0, 5), (0.0, 10), (6.0, 10)])
def test_the_meter_fills(level: float, cells: int) -> None:
    assert meter(level) == "█" * cells + " " * (10 - cells)


def test_an_item_says_who_and_when() -> None:
    item = insight(
        "1", "Ana will send\nthe draft.", "action_item", assignee=Person(name="Ana"), due_by=DueBy(value="2026-03-06T08:00:00Z")
    )
    assert insight_text(item).plain == "-> Ana will send the draft.  (Ana, due 2026-03-06)"
