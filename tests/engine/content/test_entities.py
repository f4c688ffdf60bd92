from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest

from engine.content.entities import find
from engine.content.names import Names
from engine.insights.types import Speaker

NAMES = Names()
NAMES.add([Speaker("p1", "Jane Doe", "jane@example.com"), Speaker("p2", "Bob")])
WEDNESDAY = datetime(2026, 1, 14, 10, tzinfo=UTC)


def found(text: str) -> list[tuple[str, str, object]]:
    return [(one.kind, text[one.begin : one.end], one.value) for one in find(text, WEDNESDAY, NAMES)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Jane's draft is done.", [("person", "Jane", {"name": "Jane Doe", "id": "p1", "userId": "jane@example.com"})]),
        ("I met Sandra Bullard.", [("person", "Sandra Bullard", {"name": "Sandra Bullard"})]),
        ("Send it by Friday.", [("date", "by Friday", "2026-01-16")]),
        ("We meet tomorrow.", [("date", "tomorrow", "2026-01-15")]),
        ("We fly to New York and then to Berlin.", [("location", "New York", "New York"), ("location", "Berlin", "Berlin")]),
        ("Germany's office wrote to Acme Widgets Ltd.", [
            ("location", "Germany", "Germany"), ("organization", "Acme Widgets Ltd", "Acme Widgets Ltd"),
        ]),
        ("The University of Oxford uses Google.", [
            ("organization", "University of Oxford", "University of Oxford"), ("organization", "Google", "Google"),
        ]),
        ("We need twenty-five chairs and two hundred and ten.", [
            ("number", "twenty-five", "25"), ("number", "two hundred and ten", "210"),
        ]),
        ("It costs $1,250.50 or 2.5 million dollars, 7% more.", [
            ("number", "$1,250.50", "1250.50"), ("number", "2.5 million dollars", "2500000"), ("number", "7%", "7"),
        ]),
        ("three thousand two hundred five percent", [("number", "three thousand two hundred five percent", "3205")]),
    ],
)  # fmt: skip
def test_entities(text: str, expected: list[tuple[str, str, object]]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    "text", ["", "This one is good.", "We use v2 and MP3.", "i have a bank account", "The Committee met.", "..."]
)
def test_what_is_none(text: str) -> None:
    assert found(text) == []


def test_sub_types_and_categories() -> None:
    entities = find("Bob pays 5% in Paris, Texas, or Berlin on Friday.", WEDNESDAY, NAMES)
    assert [(one.kind, one.sub_type, one.category) for one in entities] == [
        ("person", "name", "Personal"),
        ("number", "percentage", "General"),
        ("location", "region", "General"),
        ("location", "city", "General"),
        ("date", "date", "General"),
    ]


def test_strange_texts_are_quick_and_bounded() -> None:
    dice = random.Random(2)
    pieces = [
        "New",
        "York",
        " ",
        "one",
        "million",
        "billion",
        "9" * 18,
        ".",
        ",",
        "%",
        "by",
        "Friday",
        "\ud800",
        "\u0661",
        "of",
        "Ltd",
        "$",
        "-",
    ]
    for _ in range(300):
        text = "".join(dice.choices(pieces, k=dice.randrange(120)))
        for one in find(text, WEDNESDAY, NAMES):
            assert 0 <= one.begin < one.end <= len(text)
    assert len(find("Berlin " * 20_000, WEDNESDAY, NAMES)) == 100
