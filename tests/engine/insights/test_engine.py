from __future__ import annotations

import itertools
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.insights.engine import InsightEngine
from engine.insights.items import MOST_ITEMS
from engine.insights.types import Utterance
from tests.engine.insights.talk import PEOPLE, WEDNESDAY, Talk

if TYPE_CHECKING:
    from engine.insights.types import Insight

PIECES = st.sampled_from(
    [
        "I'll send you the plan tomorrow",
        "can you call the bank",
        "sure",
        "i can do that",
        "right?",
        "what do you think",
        "the end of the week",
        "Ben",
        "<@91>",
        "uh",
        "?",
        "...",
        "we need to fix the roof",
        "\n",
        "二月までに送ります",
        "je vais t'appeler demain",
        "🙂",
        "@everyone",
        "it's",
        "31st",
        "by",
        "let me",
    ]
)
TEXTS = st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=8).map(" ".join))
TALKS = st.lists(st.tuples(st.sampled_from(sorted(PEOPLE)), TEXTS), max_size=12)


def utterances(said: list[tuple[str, str]]) -> list[Utterance]:
    return [
        Utterance(
            f"m{index}",
            PEOPLE[name],
            text,
            WEDNESDAY + timedelta(seconds=5 * index),
            WEDNESDAY + timedelta(seconds=5 * index + 3),
        )
        for index, (name, text) in enumerate(said)
    ]


@settings(max_examples=150, deadline=None)
@given(TALKS)
def test_nothing_that_is_said_breaks_it(said: list[tuple[str, str]]) -> None:
    engine = InsightEngine()
    engine.roster(list(PEOPLE.values()))
    known: dict[str, Insight] = {}
    ids = {f"m{index}" for index in range(len(said))}
    for utterance in utterances(said):
        for insight in engine.push(utterance).insights:
            assert known.setdefault(insight.key, insight).kind == insight.kind
            assert set(insight.message_ids) <= ids
            assert 0.0 <= insight.score <= 1.0
            assert insight.text
            assert insight.due is None or insight.due.offset < 0 or insight.text[insight.due.offset :]
    assert {insight.key for insight in engine.finish().insights} <= set(known)


@settings(max_examples=60, deadline=None)
@given(TALKS)
def test_asking_in_between_changes_nothing(said: list[tuple[str, str]]) -> None:
    streamed, batch = InsightEngine(), InsightEngine()
    for utterance in utterances(said):
        streamed.push(utterance)
        streamed.finish()
    for utterance in utterances(said):
        batch.push(utterance)
    assert streamed.finish() == batch.finish()


def test_five_thousand_words_in_one_message() -> None:
    talk = Talk()
    talk.say(
        "Ben",
        "so we talked about the garden and looked at all of the old roses there and then " * 312 + "I will call the gardener.",
    )
    assert [item.text for item in talk.items("action_item", "follow_up")] == ["Ben will call the gardener."]
    talk.say("Ben", "so we talked about the garden and i will water the roses and then " * 400)
    assert all(len(item.text) < 600 for item in talk.items())


@pytest.mark.parametrize(
    "said",
    [
        (
            "Wir müssen das bis Freitag fertig machen.",
            "Ich werde das morgen erledigen.",
            "Gut, dann machen wir das so.",
            "Ben schickt die Unterlagen an Carla.",
            "ich rufe dich morgen an",
            "das machen wir fertig",
        ),
        (
            "Tenemos que llamar al cliente el lunes.",
            "Yo lo hago esta tarde.",
            "no me parece mal",
            "Hay que revisar el presupuesto antes del viernes.",
            "Carla va a preparar la presentación.",
            "vamos a ver como sale",
        ),
        (
            "Je vais t'appeler demain matin.",
            "On doit finir le rapport avant vendredi.",
            "c'est moi qui m'en occupe",
            "Il faut que nous parlions du budget.",
            "on se voit la semaine prochaine",
            "Je pense que c'est une bonne idée.",
        ),
        ("明日までに資料を送ります。", "Vale, perfecto."),
    ],
    ids=["German", "Spanish", "French", "Japanese"],
)
def test_another_language_gives_nothing(said: tuple[str, ...]) -> None:
    talk = Talk()
    for text in said * 3:
        talk.say("Ben", text)
    assert talk.items() == []
    assert talk.engine.finish().topics == ()


def test_english_after_another_language_is_read_again() -> None:
    talk = Talk()
    talk.say("Ben", "Wir müssen das bis Freitag fertig machen.")
    talk.say("Carla", "Sorry, could you say that in English, please?")
    talk.say("Ben", "I'll send the report to Carla by Friday.")
    assert [item.text for item in talk.items("action_item")] == ["Ben will send the report to Carla by Friday."]


def test_two_people_at_once_keep_their_own_items() -> None:
    talk = Talk()
    for left, right in (("I'll send", "I'll call"), ("the report", "the printer"), ("to Dan.", "tomorrow.")):
        talk.say("Ben", left)
        talk.say("Carla", right)
    talk.say("Ben", "I'll send the report to Dan.")
    talk.say("Carla", "I'll call the printer tomorrow.")
    found = {item.text: item.assignee for item in talk.items("action_item", "follow_up")}
    assert found["Ben will send the report to Dan."] == PEOPLE["Ben"]
    assert found["Carla will call the printer tomorrow."] == PEOPLE["Carla"]


def test_bare_text_gives_the_same_items() -> None:
    said = ["I'll send the report to Carla by Friday.", "Can you check the numbers, Dan?", "We should call the client on Monday."]
    written, bare = Talk(), Talk()
    for text in said:
        written.say("Ben", text)
        bare.say("Ben", text.lower().translate(str.maketrans("", "", ".,?")))
    shown = [
        {(item.kind, item.text.lower(), item.assignee) for item in talk.items("action_item", "follow_up")}
        for talk in (written, bare)
    ]
    assert shown[0] == shown[1]
    assert len(shown[0]) == 3


def test_empty_text_is_taken_as_silence() -> None:
    talk = Talk()
    talk.say("Ben", "")
    talk.say("Ben", "I'll paint the fence.")
    talk.say("Ben", "  \n ")
    assert [item.message_ids for item in talk.items()] == [("m1",)]


def test_the_threshold_lets_more_or_less_through() -> None:
    said = "We could maybe look at the other roof at some point."
    strict, open_minded = Talk(threshold=0.95), Talk(threshold=0.01)
    strict.say("Ben", said)
    open_minded.say("Ben", said)
    assert strict.items() == []
    assert open_minded.items()


def test_late_utterances_do_not_look_at_early_items() -> None:
    talk = Talk()
    talk.say("Ben", "I'll paint the garden fence.")
    for _ in range(60):
        talk.say("Carla", "Yes.")
    talk.say("Ben", "I'll paint the garden fence.")
    assert len(talk.items("action_item")) == 2


@pytest.mark.parametrize("text", ["ok", "yes", "no", "hm", "what", "five", "?"])
def test_one_word_turns_make_no_items(text: str) -> None:
    talk = Talk()
    talk.say("Ben", text)
    assert talk.items("action_item", "follow_up") == []


def test_a_weak_item_is_taken_in_where_there_is_no_more_room() -> None:
    talk = Talk()
    names = ["".join(letters) for letters in itertools.product("bdgkmprt", "aeiou", "lmnrst", "aeiou", "dk")]
    for name in names[: MOST_ITEMS + 20]:
        talk.say("Ben", f"I will send the {name} report by Friday.")
    before = len(talk.engine.finish().insights)
    talk.say("Ana", "We need to fix the roof.")
    assert len(talk.engine.finish().insights) == before
