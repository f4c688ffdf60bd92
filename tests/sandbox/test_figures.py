from __future__ import annotations

import pytest

from sandbox.wer import word_errors


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("forty two thousand dollars approved", "$42,000 approved"),
        ("Friday the twenty first.", "Friday the 21st."),
        ("the twentieth, the thirty-third", "the 20th, the 33rd"),
        ("eighteen thousand five hundred.", "18,500."),
        ("one hundred and ten people", "110 people"),
        ("two point five million euros", "€2.5 million"),
        ("five dollars and fifty cents", "$5.50"),
        ("five per cent", "5%"),
        ("at three thirty and nine oh five", "at 3:30 and 9:05"),
        ("in nineteen forty five, twenty twenty four, nineteen oh one", "in 1945, 2024, 1901"),
        ("two thousand and five, eighteen hundred", "2005, 1800"),
        ("version three point one four", "version 3.14"),
        ("B2B and v2.1.3", "B2B and v2.1.3"),
    ],
)
def test_figures_and_number_words_are_the_same_words(said: str, written: str) -> None:
    assert word_errors(said, written).wrong == 0
    assert word_errors(written, said).wrong == 0


def test_another_number_is_an_error() -> None:
    assert word_errors("forty two thousand dollars", "$43,000").wrong == 1
