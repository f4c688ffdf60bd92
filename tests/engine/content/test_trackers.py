from __future__ import annotations

import random

import pytest

from engine.content.trackers import SIMILAR, Tracker, TrackerBook

GOODNESS = Tracker("1" * 16, "Goodness", ("This is awesome", "I like it", "don't worry", "U.S.A."))
COVID = Tracker("2" * 16, "COVID-19", ("social distancing", "cover your face with mask", "vaccination", "follow-up"))
BUDGET = Tracker("3" * 16, "Budget", ("budget", "I have the budget", "no", "yes", "we don't have budget for this"))
BOOK = TrackerBook([GOODNESS, COVID, BUDGET])


def found(text: str) -> list[tuple[str, int]]:
    return [(match.value, match.offset) for match in BOOK.find(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("This is awesome.", [("This is awesome", 0)]),
        ("Well, THIS is, awesome!", [("This is awesome", 6)]),
        ("Yes: social-distancing and social distancing.", [("social distancing", 5), ("social distancing", 27), ("yes", 0)]),
        ("Dont worry, don\u2019t worry.", [("don't worry", 0), ("don't worry", 12)]),
        ("In the USA we will follow up.", [("U.S.A.", 7), ("follow-up", 19)]),
        ("nothing", []),
        ("", []),
        ("...", []),
    ],
)
def test_phrases_are_found_whatever_their_case_and_punctuation(text: str, expected: list[tuple[str, int]]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize("text", ["This isn't it.", "a nose", "yesterday", "know", "This is awe some", "budgetary-ish words no1"])
def test_words_are_whole(text: str) -> None:
    assert [offset for _, offset in found(text) if offset != SIMILAR] == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("They were vaccinated last week.", "vaccination"),
        ("Two budgets were cut.", "budget"),
        ("Keep a social and physical distance.", "social distancing"),
        ("Please be covering your face with your masks.", "cover your face with mask"),
        ("With a mask you cover the whole face.", "cover your face with mask"),
        ("For this, we really don't have any budget.", "we don't have budget for this"),
    ],
)
def test_similar_wording_has_no_place(text: str, value: str) -> None:
    assert (value, SIMILAR) in found(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("This is not awesome.", "This is awesome"),
        ("We have budget for this.", "we don't have budget for this"),
        ("A social evening at some distance from here and there, distancing comes later.", "I like it"),
        ("They are social. All keep some distance.", "social distancing"),
        ("It likes.", "no"),
    ],
)
def test_what_means_something_else_is_not_similar(text: str, value: str) -> None:
    assert value not in [name for name, _ in found(text)]


def test_a_literal_match_is_not_told_as_similar_too() -> None:
    assert found("The budget and the budgets.") == [("budget", 4)]


def test_matches_come_in_the_order_of_the_trackers() -> None:
    names = [match.tracker.name for match in BOOK.find("No budget, but social distancing. I like it.")]
    assert names == ["Goodness", "COVID-19", "Budget", "Budget"]


def test_strange_vocabulary_harms_nothing() -> None:
    book = TrackerBook(
        [Tracker("4" * 16, "odd", ("", "...", "\ud800", "x" * 200, "\u0130", "a a a a")), Tracker("5" * 16, "none", ())]
    )
    assert [match.value for match in book.find("a a a a a " + "x" * 200)] == ["x" * 200, "a a a a", "a a a a"]


def test_many_phrases_and_a_long_text_stay_quick_and_bounded() -> None:
    dice = random.Random(1)
    syllables = ["ba", "do", "ki", "lu", "me", "no", "pra", "sto", "ti", "wen"]

    def word() -> str:
        return "".join(dice.choices(syllables, k=3))

    book = TrackerBook([Tracker("6" * 16, "many", tuple(f"{word()} {word()} {word()}" for _ in range(3_000)))])
    text = " ".join(word() for _ in range(1_500))
    assert len(book.find(text)) <= 100
