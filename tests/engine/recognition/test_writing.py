from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.speech import plain
from engine.recognition.writing import write


def written(text: str) -> str:
    return " ".join(word.text for word in write(text.split()))


@pytest.mark.parametrize(
    ("spoken", "expected"),
    [
        ("We have forty two thousand dollars approved.", "We have $42,000 approved."),
        ("It came back at eighteen thousand five hundred.", "It came back at 18,500."),
        ("five dollars and fifty cents.", "$5.50."),
        ("two million dollars, two point five million euros", "$2 million, €2.5 million"),
        ("five percent or ten per cent?", "5% or 10%?"),
        ("one hundred and ten people", "110 people"),
        ("one million two hundred thousand", "1,200,000"),
        ("seven hundred and forty-seven", "747"),
        ("three point one four", "3.14"),
        ("between ten and twenty", "between 10 and 20"),
        ('he said "twenty-five", then left', 'he said "25", then left'),
        ("Friday the twenty first.", "Friday the 21st."),
        ("on the twenty-first of June", "on the 21st of June"),
        ("on June third, the third of July and May first", "on June 3rd, the 3rd of July and May 1st"),
        ("the thirty-sixth President of the fifteenth century", "the 36th President of the 15th century"),
        ("the twenty second of May", "the 22nd of May"),
        ("In nineteen forty five, in eighteen thirteen and since nineteen oh five", "In 1945, in 1813 and since 1905"),
        ("by March twenty twenty four", "by March 2024"),
        ("two thousand and five", "2005"),
        ("at three thirty p.m. or by nine fifteen.", "at 3:30 p.m. or by 9:15."),
        ("at nine oh five on Monday", "at 9:05 on Monday"),
        ("three p.m.", "3 p.m."),
        ("To-morrow, to-day or to-night", "Tomorrow, today or tonight"),
        ("OK, that is OK. Ok? No, ok.", "Okay, that is okay. Okay? No, okay."),
    ],
)
def test_what_is_sure_is_written_as_figures(spoken: str, expected: str) -> None:
    assert written(spoken) == expected


@pytest.mark.parametrize(
    "spoken",
    [
        "one or two, nine of them",
        "two three four",
        "five five",
        "fifty fifty",
        "twenty four seven",
        "nine one one",
        "a hundred and ten people",
        "two and a half hours, twelve and a half days",
        "two thirds of it",
        "a twenty second delay",
        "the third time, first of all",
        "twenty thirty people, fifteen twenty people",
        "a twenty-two-year-old, a ten-year plan, a two-week sprint",
        "Twenty people came. Ninety came.",
        "hundreds of thousands, a thousand and one",
        "I may second that.",
        "well-known self-substantial tatter'd it's - ten-",
        "at seven eleven stores",
        "",
    ],
)
def test_what_could_be_read_in_two_ways_stays_in_words(spoken: str) -> None:
    assert written(spoken) == spoken


def test_each_word_says_which_spoken_ones_it_stands_for() -> None:
    words = write(["We", "have", "forty", "two", "thousand", "dollars,", "or", "two", "million", "dollars."])
    assert [(word.text, word.first, word.count) for word in words] == [
        ("We", 0, 1),
        ("have", 1, 1),
        ("$42,000,", 2, 4),
        ("or", 6, 1),
        ("$2", 7, 2),
        ("million.", 9, 1),
    ]


WORDS = st.sampled_from(
    [
        "one",
        "two",
        "five",
        "nine",
        "ten",
        "twelve",
        "nineteen",
        "twenty",
        "twenty-one",
        "thirty",
        "ninety",
        "hundred",
        "thousand",
        "million",
        "and",
        "point",
        "first",
        "third",
        "percent",
        "dollars",
        "cents",
        "the",
        "of",
        "a",
        "in",
        "June",
        "Friday",
        "people",
        "half",
        "oh",
        "week-long",
        "yes.",
        "no,",
        "sixth",
        "twentieth",
    ]
)


@given(st.lists(WORDS, max_size=12))
def test_any_words_are_covered_once_in_order_and_writing_twice_changes_nothing(spoken: list[str]) -> None:
    words = write(spoken)
    places = [place for word in words for place in range(word.first, word.first + word.count)]
    assert sorted(set(places)) == list(range(len(spoken)))
    assert [word.first for word in words] == sorted(word.first for word in words)
    once = " ".join(word.text for word in words)
    assert written(once) == once


@given(st.integers(1, 99_999_999), st.sampled_from(["people came", "dollars were paid", "percent of it"]))
def test_a_number_is_the_same_number_for_a_normaliser(value: int, unit: str) -> None:
    spoken = f"Then {spell(value)} {unit}"
    assert plain(written(spoken)) == plain(spoken)


def spell(value: int) -> str:
    small = [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
    ]
    small += ["eighteen", "nineteen"]
    tens = ["zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
    for size, name in ((1_000_000, "million"), (1_000, "thousand"), (100, "hundred")):
        if value >= size:
            return f"{spell(value // size)} {name} {spell(value % size) if value % size else ''}".strip()
    if value < 20:
        return small[value]
    return tens[value // 10] if value % 10 == 0 else f"{tens[value // 10]} {small[value % 10]}"
