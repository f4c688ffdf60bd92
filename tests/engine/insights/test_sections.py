from __future__ import annotations

import pytest

from engine.insights.sections import MOST_ITEMS, MOST_TOPICS, Entry, decisions, sections, still_open
from engine.insights.summary import Said


def talk(*lines: tuple[str, str]) -> list[Said]:
    return [Said(str(place), speaker, text) for place, (speaker, text) in enumerate(lines)]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("So, um, we decided to move the release to May.", "We decided to move the release to May."),
        ("okay let's go with the the blue logo then", "Let's go with the blue logo then."),
        ("The motion was approved, five to two.", "The motion was approved, five to two."),
        ("Decision made, we will show a recorded demo.", "Decision made, we will show a recorded demo."),
        ("We agree that the release moves to the twelfth.", "We agree that the release moves to the twelfth."),
        ("so we all agree on the smaller venue", "We all agree on the smaller venue."),
        ("From now on everybody signs the visitor list.", "From now on everybody signs the visitor list."),
    ],
)
def test_decisions_are_told_without_fillers(text: str, shown: str) -> None:
    assert [entry.text for entry in decisions(talk(("Jane", text)))] == [f"Jane: {shown}"]


@pytest.mark.parametrize(
    "text",
    [
        "Did we decide on the logo?",
        "can we agree that the release moves to the twelfth",
        "We do not agree on the price of the licence.",
        "we have not decided on the logo yet",
        "If we decided to move the release, the budget would suffer.",
        "I wonder whether we agreed on a price for the licence.",
        "Let's go with that.",
        "The weather was nice on Sunday and we went for a walk.",
    ],
)
def test_what_is_asked_supposed_or_says_nothing_is_no_decision(text: str) -> None:
    assert decisions(talk(("Jane", text))) == []


def test_a_decision_told_again_stands_once_where_it_was_told_last() -> None:
    said = talk(
        ("Jane", "We decided to move the release of the survey to May."),
        ("Bob", "We agreed on twelve euros for the licence."),
        ("Bob", "Right, so we decided to move the release of the survey to June."),
    )
    assert [entry.message_ids for entry in decisions(said)] == [("1",), ("2",)]


def test_a_question_is_open_until_somebody_else_answers() -> None:
    said = talk(
        ("Jane", "Who has the key?"),
        ("Bob", "Tom has it."),
        ("Jane", "And what does the licence cost?"),
        ("Bob", "I don't know, I have to ask them."),
        ("Bob", "Where do we meet?"),
    )
    asked = [Entry(said[place].text, (str(place),)) for place in (0, 2, 4)]
    assert [entry.message_ids for entry in still_open(said, asked)] == [("2",), ("4",)]
    assert still_open(said, [Entry("The transcription part?", ("4",)), Entry("It is the one with the key, right?", ("4",))]) == []
    assert still_open(said, [Entry("Said elsewhere?", ("9",))]) == []


def test_not_yet_is_an_answer() -> None:
    said = talk(("Jane", "Did we ask the other hotel as well?"), ("Bob", "Not yet."))
    assert still_open(said, [Entry(said[0].text, ("0",))]) == []


def test_sections_without_entries_are_left_out_and_long_ones_keep_the_surest() -> None:
    assert sections(talk(("Jane", "Hello.")), [], [], []) == []
    items = [Entry(f"Item {number}.", ("0",), number / 100) for number in range(50)]
    made = sections(talk(("Jane", "Hello.")), items, items, [])
    assert [(section.name, len(section.entries)) for section in made] == [("talked_about", MOST_TOPICS), ("to_do", MOST_ITEMS)]
    assert made[1].entries == tuple(items[-MOST_ITEMS:])
