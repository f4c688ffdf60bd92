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
    talk.say("Ben", "so we talked about the garden and i will water the roses and then " * 400)
    assert all(len(item.text) < 600 for item in talk.items())


def test_another_language_gives_nothing() -> None:
    talk = Talk()
    for text in (
        "Wir haben gestern lange über das Budget gesprochen.",
        "Je pense que c'est une bonne idée.",
        "明日までに資料を送ります。",
        "Vale, perfecto.",
    ):
        talk.say("Ben", text)
    assert talk.items() == []


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
