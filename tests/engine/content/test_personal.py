from __future__ import annotations

import itertools
import random

import pytest

from engine.content.names import Names
from engine.content.personal import find, redact
from engine.insights.types import Speaker

NAMES = Names()
NAMES.add([Speaker("1", "Jane Doe", "jane@example.com"), Speaker("2", "Bob"), Speaker("3", "Mark Miller")])


def found(text: str) -> list[tuple[str, str]]:
    return [(one.kind, text[one.begin : one.end]) for one in find(text, NAMES)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Write to jane.doe+x@example.co.uk, please.", [("EMAIL_ADDRESS", "jane.doe+x@example.co.uk")]),
        ("It is max dot power at example dot com.", [("EMAIL_ADDRESS", "max dot power at example dot com")]),
        ("It is info at example.com.", [("EMAIL_ADDRESS", "info at example.com")]),
        ("Call +1 (555) 123-4567 now.", [("PHONE_NUMBER", "1 (555) 123-4567")]),
        ("Call 555.123.4567.", [("PHONE_NUMBER", "555.123.4567")]),
        ("Five five five, one two three, four five.", [("PHONE_NUMBER", "Five five five, one two three, four five")]),
        ("My number is double five oh seven one two three.", [("PHONE_NUMBER", "double five oh seven one two three")]),
        ("The card is 4111 1111 1111 1111, thanks.", [("CREDIT_CARD_NUMBER", "4111 1111 1111 1111")]),
        ("The card is 4111 1111 1111 1112, thanks.", [("NUMBER", "4111 1111 1111 1112")]),
        ("SSN 222-44-5555.", [("SSN", "222-44-5555")]),
        ("IBAN DE89 3704 0044 0532 0130 00 is mine.", [("IBAN_CODE", "DE89 3704 0044 0532 0130 00")]),
        ("Account 123456 is closed.", [("NUMBER", "123456")]),
        ("Jane asked Bob's team.", [("PERSON_NAME", "Jane"), ("PERSON_NAME", "Bob")]),
        ("So jane doe said it.", [("PERSON_NAME", "jane doe")]),
        ("Ask Sandra Bullard about it.", [("PERSON_NAME", "Sandra Bullard")]),
        ("I saw Mark and Doe.", [("PERSON_NAME", "Mark"), ("PERSON_NAME", "Doe")]),
        ("Mail bob@example.com to Bob.", [("EMAIL_ADDRESS", "bob@example.com"), ("PERSON_NAME", "Bob")]),
    ],
)
def test_what_is_personal(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "We have 1,250,000 users and 12 servers.",
        "It takes two or three days, maybe one hour.",
        "Mark that as done.",
        "Meet at three on Tuesday.",
        "Version 3.11 is out, and 99.95 percent of tests pass.",
        "I looked at it.",
        "",
    ],
)
def test_what_is_not(text: str) -> None:
    assert found(text) == []


def test_a_redacted_text_keeps_the_rest() -> None:
    text = "Jane, call 555-123-4567 or mail bob@example.com."
    assert redact(text, find(text, NAMES), "[X]") == "[X], call [X] or mail [X]."
    assert redact(text, [], "[X]") == text


def test_nothing_personal_is_left_and_strange_texts_are_quick() -> None:
    dice = random.Random(1)
    pieces = [
        "@",
        ".",
        "a",
        "at",
        "dot",
        " ",
        "1",
        "two",
        "double",
        "(",
        ")",
        "-",
        "\u0661",
        "Jane",
        "\ud800",
        "<@1>",
        ",",
        "DE89",
    ]
    for _ in range(300):
        text = "".join(dice.choices(pieces, k=dice.randrange(200)))
        spans = find(text, NAMES)
        assert all(one.end <= other.begin for one, other in itertools.pairwise(spans))
        assert "jane" not in redact(text, spans, "*").lower().split()
    for long in ("a at " * 20_000, "1 " * 50_000, "a.dot " * 10_000, "a@" * 30_000, "dot at " * 20_000):
        find(long, NAMES)
