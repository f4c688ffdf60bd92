from __future__ import annotations

import pytest

from engine.content.lists import sections
from engine.content.sentiment import score, suggested


@pytest.mark.parametrize(
    "text",
    [
        "This is awesome.",
        "I really love the new design!",
        "Thank you so much, that was very helpful.",
        "It was not bad at all, actually quite good.",
        "The start was difficult, but the result is excellent.",
        "Great work, everybody.",
        "That is not a problem, I am happy to help.",
        "Congratulations on the launch!",
    ],
)
def test_positive(text: str) -> None:
    assert suggested(score(text)) == "positive", score(text)


@pytest.mark.parametrize(
    "text",
    [
        "This is terrible.",
        "The release was a disaster and everybody is angry.",
        "I am not happy with this at all.",
        "That's not good, the server crashed again.",
        "It looks nice, but it is completely broken.",
        "Honestly I hate it.",
        "We are very disappointed.",
    ],
)
def test_negative(text: str) -> None:
    assert suggested(score(text)) == "negative", score(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "The meeting is on Tuesday at three.",
        "Good morning.",
        "I would like to see the report, and make sure that it is sent.",
        "It looks like the build runs on two machines.",
        "Who takes the minutes?",
        "Yes, okay.",
        "There is one more issue on the list.",
        "...",
    ],
)
def test_neutral(text: str) -> None:
    assert suggested(score(text)) == "neutral", score(text)


def test_negations_and_degrees_change_the_score_by_degrees() -> None:
    assert score("It is not good.") < 0 < score("It is slightly good.") < score("It is good.") < score("It is extremely good.")
    assert score("It is bad.") < score("It is not bad.")
    assert score("No. Good.") > 0, "a negation ends with its sentence"


@pytest.mark.parametrize("text", ["awful " * 2_000, "wonderful! " * 2_000, "!" * 5_000, "\ud800 \0 good"])
def test_scores_stay_between_minus_one_and_one(text: str) -> None:
    assert -1 <= score(text) <= 1


@pytest.mark.parametrize(("value", "word"), [(-1, "negative"), (-0.3, "neutral"), (0.3, "neutral"), (0.301, "positive")])
def test_the_documented_thresholds(value: float, word: str) -> None:
    assert suggested(value) == word


def test_the_word_list_has_one_strength_a_word() -> None:
    words = [(word, heading) for heading, row in sections("sentiment.txt").items() for word in row]
    assert len(words) > 400
    assert len({word for word, _ in words}) == len(words)
    assert all(word == word.lower() and word.isalpha() for word, _ in words)
