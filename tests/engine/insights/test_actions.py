from __future__ import annotations

import pytest

from tests.engine.insights.talk import WEDNESDAY, Talk, heard, todo


@pytest.mark.parametrize(
    ("speaker", "text", "kind", "who", "shown"),
    [
        ("Ben", "I'll repair the fence by Saturday.", "action_item", "Ben", "Ben will repair the fence by Saturday."),
        ("Ben", "i will translate the manual tomorrow", "action_item", "Ben", "Ben will translate the manual tomorrow."),
        ("Dan", "I'll send you the photos, Carla.", "action_item", "Dan", "Dan will send Carla the photos."),
        ("Alice", "Dan, can you rewrite my summary?", "action_item", "Dan", "Dan should rewrite Alice's summary."),
        ("Alice", "could you please update the map ben", "action_item", "Ben", "Ben should update the map."),
        ("Alice", "So Carla is going to paint the sign.", "action_item", "Carla", "Carla will paint the sign."),
        ("Carla", "I'll phone the bakery this afternoon.", "follow_up", "Carla", "Carla will phone the bakery this afternoon."),
        ("Carla", "I'll get back to you on that tomorrow.", "follow_up", "Carla", ""),
        ("Carla", "let's schedule a call with the architects next week", "follow_up", "", ""),
        (
            "Dan",
            "the contract has to be signed before the weekend",
            "action_item",
            "",
            "The contract has to be signed before the weekend.",
        ),
        ("Dan", "Somebody needs to empty the fridge before Friday.", "action_item", "", ""),
        ("Ben", "remind me to renew the passport", "action_item", "Ben", ""),
    ],
)
def test_promises_and_requests(speaker: str, text: str, kind: str, who: str, shown: str) -> None:
    (item,) = todo((speaker, text))
    assert item.kind == kind
    assert (item.assignee.name if item.assignee else "") == who
    assert not shown or item.text == shown


@pytest.mark.parametrize(
    "text",
    [
        "I can hear you fine.",
        "Let's get started.",
        "don't forget that Monday is a public holiday",
        "I painted the sign yesterday.",
        "I won't be able to paint it.",
        "i usually water the plants on mondays",
        "If I had a garden I would grow tomatoes.",
        "I'll be on holiday next week.",
        "let me share my screen",
        "talk to you next week",
        "You should have called me.",
        "That needs a lot of memory.",
        "We agreed that the price stays the same.",
        "She told me to write a letter, so I did.",
        "Okay.",
        "",
        "   ...  ",
    ],
)
def test_what_is_nothing_to_do(text: str) -> None:
    assert not todo(("Ben", text))


def test_an_accepted_request_has_its_taker_and_their_day() -> None:
    (item,) = todo(("Alice", "Can someone write the invitation?"), ("Dan", "Sure, I'll do that by Friday."))
    assert item.assignee is not None
    assert item.assignee.name == "Dan"
    assert item.due is not None
    assert item.due.when.date().isoformat() == "2026-11-20"
    assert item.message_ids == ("m0", "m1")
    assert item.text.startswith("Dan will write the invitation")


def test_a_thing_said_again_is_one_item_with_the_later_day() -> None:
    items = todo(
        ("Ben", "I'll fix the printer driver by Thursday."),
        ("Carla", "Good."),
        ("Ben", "Okay, I'll fix the printer driver by Friday."),
    )
    (item,) = items
    assert item.message_ids == ("m0", "m2")
    assert item.due is not None
    assert item.due.when.date().isoformat() == "2026-11-20"


def test_two_things_of_one_sentence_stay_two_where_two_people_do_them() -> None:
    items = todo(("Alice", "Why don't you draw the plan, Dan, and I'll check the numbers."))
    assert {item.assignee.name for item in items if item.assignee} == {"Dan", "Alice"}


def test_the_key_stays_while_the_item_changes() -> None:
    talk = Talk()
    (first,) = talk.say("Alice", "Dan, can you write the script for the film?").insights
    (second,) = talk.say("Dan", "Sure, I'll have a first draft by the end of next week.").insights
    assert first.key == second.key
    assert second.due is not None
    assert second.due.phrase == "by the end of next week"
    assert second.text[second.due.offset :].startswith(second.due.phrase)


def test_dates_are_reckoned_in_the_zone_of_the_message() -> None:
    (item,) = todo(("Ben", "I'll send the letter tomorrow."))
    assert item.due is not None
    assert item.due.when.tzinfo == WEDNESDAY.tzinfo


def test_a_mention_names_who_does_it() -> None:
    (item,) = todo(("Alice", "<@93> please book the train tickets by Friday"))
    assert item.assignee is not None
    assert item.assignee.name == "Dan"


def test_questions_keep_who_asked_and_requests_are_not_listed_twice() -> None:
    asked = heard(("Ben", "Do we have enough chairs for the party?"), ("Carla", "Dan, could you order the cake by Friday?"))
    questions = [item for item in asked if item.kind == "question"]
    assert [item.text for item in questions] == ["Do we have enough chairs for the party?"]
    assert questions[0].speaker.name == "Ben"
    assert questions[0].assignee is None


@pytest.mark.parametrize(
    "text",
    [
        "do you know when the shop opens",
        "what is the price of the big one",
        "How many people have signed up?",
        "So the price is fixed, right?",
        "any news on the venue",
        "I was wondering whether anybody has read the paper.",
        "How are you going to heat the tent?",
        "You know what I mean by the second draft?",
    ],
)
def test_questions_with_and_without_marks(text: str) -> None:
    assert any(item.kind == "question" for item in heard(("Ben", text)))


@pytest.mark.parametrize(
    "text",
    ["Who knows?", "How are you?", "I know what the price is.", "what we need is a bigger room", "You know what?", "Thanks."],
)
def test_what_asks_for_nothing(text: str) -> None:
    assert not any(item.kind == "question" for item in heard(("Ben", text)))


@pytest.mark.parametrize(("before", "asks"), [(("Ben", "the big tent is in the old garden"), True), (("Carla", "yeah"), False)])
def test_without_marks_a_tag_asks_where_its_speaker_just_stated_something(before: tuple[str, str], *, asks: bool) -> None:
    assert any(item.kind == "question" for item in heard(before, ("Ben", "right"))) is asks


def test_a_bare_tag_asks_about_what_was_said_before_it() -> None:
    (item,) = heard(("Ben", "The store closes at nine."), ("Ben", "Right?"))
    assert item.message_ids == ("m0", "m1")
    assert item.text == "The store closes at nine, right?"


def test_a_day_of_the_request_stays_out_of_the_text_it_was_not_in() -> None:
    (item,) = todo(("Alice", "for the party in June, can you write the invitation Dan?"), ("Dan", "Sure."))
    assert item.text == "Dan will write the invitation."
    assert item.due is not None
    assert item.due.phrase == "June"
