from __future__ import annotations

import pytest

from engine.insights.people import Roster, one_apart
from engine.insights.types import Speaker

CHRISTINE = Speaker("1", "Christine Meyer", "501")
BEN = Speaker("2", "ben_92", "502")
WILL = Speaker("3", "Will", "503")
PRIYA = Speaker("4", "Priya (she/her)", "504")


@pytest.fixture
def roster() -> Roster:
    found = Roster()
    found.add([CHRISTINE, BEN, WILL, PRIYA])
    return found


@pytest.mark.parametrize(
    ("words", "who"),
    [
        (["christine", "meyer"], CHRISTINE),
        (["christine"], CHRISTINE),
        (["chris"], CHRISTINE),
        (["cristine"], CHRISTINE),
        (["@ben"], BEN),
        (["benjamin"], BEN),
        (["<@504>"], PRIYA),
        (["<@!504>"], PRIYA),
        (["priya's"], PRIYA),
    ],
)
def test_names(roster: Roster, words: list[str], who: Speaker) -> None:
    named = roster.at(words, 0)
    assert named is not None
    assert named.speaker == who
    assert named.length == len(words)


@pytest.mark.parametrize("word", ["will", "christmas", "<@999>", "print", "a"])
def test_words_that_are_nobody(roster: Roster, word: str) -> None:
    assert roster.at([word], 0) is None


def test_a_name_of_two_people_is_nobody() -> None:
    roster = Roster()
    roster.add([Speaker("1", "Sam Hill"), Speaker("2", "Sam Wood")])
    assert roster.at(["sam"], 0) is None
    named = roster.at(["sam", "wood"], 0)
    assert named is not None
    assert named.speaker.id == "2"


def test_a_new_name_replaces_the_old() -> None:
    roster = Roster()
    roster.add([Speaker("1", "Kim")])
    roster.add([Speaker("1", "Robin")])
    assert roster.at(["kim"], 0) is None
    assert roster.at(["robin"], 0) is not None


def test_one_letter_apart() -> None:
    assert one_apart("carla", "karla")
    assert one_apart("sofia", "sofai")
    assert one_apart("jonas", "jona")
    assert not one_apart("jonas", "jonas")
    assert not one_apart("jonas", "jan")
