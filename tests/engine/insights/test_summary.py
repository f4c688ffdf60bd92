from __future__ import annotations

from engine.insights.summary import MOST, Said, summarise

TALK = [
    ("Jane", "Good morning everybody, nice to see all of you here today."),
    ("Bob", "We decided to move the release plan to the second week of May because of the audit."),
    ("Jane", "So we decided that the release plan moves to the second week of May."),
    ("Bob", "Did anybody feed the cat that lives behind the office kitchen?"),
    ("Eve", "My weekend was fine, we walked along the river and looked at ducks."),
    ("Jane", "The audit costs more than our budget, that is the main risk for this quarter."),
    ("Eve", "Yes, um, right."),
]
TOPICS = {"release plan": 0.9, "audit": 0.6}


def said(talk: list[tuple[str, str]]) -> list[Said]:
    return [Said(str(place), speaker, text) for place, (speaker, text) in enumerate(talk)]


def test_decisions_about_topics_are_told_once_and_in_order() -> None:
    found = summarise(said(TALK), TOPICS, set())
    texts = [one.text for one in found]
    assert texts[0] == "Bob: We decided to move the release plan to the second week of May because of the audit."
    assert "Jane: The audit costs more than our budget, that is the main risk for this quarter." in texts
    assert not any("cat" in text or "ducks" in text for text in texts)
    assert [one.message_ids for one in found] == sorted(one.message_ids for one in found)
    repeated = summarise(said(TALK * 4), TOPICS, set())
    assert len({one.text for one in repeated}) == len(repeated), "what was said four times is told once"


def test_fillers_and_repeats_are_left_out() -> None:
    (found, *_) = summarise(said([("Bob", "Um, so we we decided to, uh, move the release plan to to May.")]), TOPICS, set())
    assert found.text == "Bob: So we decided to move the release plan to May."


def test_a_message_that_an_action_item_rests_on_counts_for_more() -> None:
    talk = [("", f"I put the number {number} onto the third shelf over there.") for number in range(10)]
    assert ("7",) in [one.message_ids for one in summarise(said(talk), {}, {"7"})]


def test_little_talk_has_a_summary_too() -> None:
    assert [one.text for one in summarise(said([("", "good morning")]), {}, set())] == ["Good morning"]
    assert summarise([], TOPICS, set()) == []
    assert summarise(said([("Jane", "Who takes the minutes?")]), {}, set()) == []


def test_a_day_of_talk_has_a_short_summary() -> None:
    messages = said(TALK * 1_500)
    found = summarise(messages, {f"topic {number}": 0.5 for number in range(18)} | TOPICS, set())
    assert 0 < len(found) <= MOST
