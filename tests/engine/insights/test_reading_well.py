"""What people would be embarrassed to read: broken-off clauses, pronouns without their noun, half of those who promised."""

from __future__ import annotations

import pytest

from engine.insights.endings import runs_on, whole
from tests.engine.insights.talk import PEOPLE, Talk, heard, todo


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("find out tomorrow whether", "find out tomorrow"),
        ("ask about the other things especially since", "ask about the other things"),
        ("talk to you about it later is that there is", "talk to you about it later"),
        ("give her another half day and i", "give her another half day"),
        ("write down the", "write down"),
        ("check what the price is", "check what the price is"),
        ("see what it is for", "see what it is for"),
        ("sign up", "sign up"),
    ],
)
def test_what_was_broken_off_is_left_out(said: str, left: str) -> None:
    row = said.split()
    assert row[: whole(row, 2)] == left.split()


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("put bleeps there i mean they do not want that", "put bleeps there"),
        ("write it down yeah okay", "write it down"),
        ("ask what i think about it", "ask what i think about it"),
    ],
)
def test_what_runs_on_is_another_clause(said: str, left: str) -> None:
    row = said.split()
    assert row[: runs_on(row, 1)] == left.split()


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Ben and I will prepare the slides.", "Ben and Alice will prepare the slides."),
        ("Ben and Carla will book the hotel.", "Ben and Carla will book the hotel."),
        ("Carla and Dan, can you check the invoices?", "Carla and Dan should check the invoices."),
    ],
)
def test_everybody_who_promised_is_named(said: str, shown: str) -> None:
    (item,) = todo(("Alice", said))
    assert item.text == shown
    assert item.assignee is not None


def test_a_pronoun_is_shown_with_what_was_said_before() -> None:
    (item,) = todo(("Alice", "The wiki page about the release is old."), ("Ben", "I'll fix that tomorrow."))
    assert item.text == "Ben will fix that tomorrow (\u201cThe wiki page about the release is old\u201d)."
    assert item.due is not None
    assert item.text[item.due.offset :].startswith("tomorrow")


def test_somebody_who_has_not_spoken_is_named_without_an_id() -> None:
    (item,) = todo(("Alice", "Priya will send the slides on Monday."))
    assert item.assignee is not None
    assert (item.assignee.name, item.assignee.id) == ("Priya", "")


def test_a_verb_without_its_object_is_no_sure_item() -> None:
    assert todo(("Alice", "So that's something somebody should do at some point, just")) == []


def test_questions_keep_their_contractions_and_lose_their_loose_ends() -> None:
    shown = [item.text for item in heard(("Alice", "Didn't we send the contract to the hotel already, or?"))]
    assert shown == ["Didn't we send the contract to the hotel already?"]


def test_the_same_question_twice_is_one() -> None:
    talk = Talk()
    talk.say("Alice", "How much would the second printer cost us?")
    talk.say("Ben", "How much would the second printer cost us?")
    (question,) = talk.items("question")
    assert (question.message_ids, question.speaker) == (("m0", "m1"), PEOPLE["Alice"])


def test_names_and_numbers_are_no_topics() -> None:
    talk = Talk()
    for name in ("Alice", "Ben", "Carla") * 2:
        talk.say(name, "The seventeen and twelve of the budget review went to Priya and Thomas for the budget review.")
    topics = [topic.text for topic in talk.engine.finish().topics]
    assert "budget review" in topics
    assert not {"priya", "thomas", "twelve"} & {word for topic in topics for word in topic.split()}
