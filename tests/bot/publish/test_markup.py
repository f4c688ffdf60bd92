import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.publish.markup import clock, escape, length, plain, split
from tests.bot.publish.markdown import alive, shown

SPECIAL = st.text(alphabet="\\*_~`|>#<>@!&:/.-+[]()0123456789 abE\n\u200b\u202e\U0001f600", max_size=60)
ANYTHING = st.text(alphabet=st.characters(), max_size=60) | SPECIAL


@given(ANYTHING)
@example("**bold** __under__ ~~gone~~ ||spoiler|| `code` ```block```")
@example("@everyone @here <@123> <@!1> <@&2> <#3> <t:1700000000:R> </cmd:4> <:smile:5> <a:wave:6> <id:customize>")
@example("[click](https://evil.example) https://evil.example <https://evil.example> discord.gg/evil :thumbsup:")
@example("# head")
@example("-# small")
@example("> quote")
@example("1. one")
@example("\\*not\\*")
def test_nothing_comes_to_life_and_nothing_is_lost(text: str) -> None:
    escaped = escape(text)

    assert alive(escaped) == []
    assert shown(escaped) == plain(text).replace("\u200b", "")


def test_the_checker_sees_living_marks() -> None:
    for text in ("**bold**", "@everyone", "https://a.example", "[a](b)", "<@1>", "# head", ":smile:", "1. one", "||x||", "a_b_"):
        assert alive(text), text


@given(ANYTHING)
def test_a_plain_text_is_one_line_that_can_be_encoded(text: str) -> None:
    line = plain(text)

    assert line.encode() or not line
    assert "\n" not in line
    assert "\r" not in line
    assert "\u202e" not in line


@given(SPECIAL.map(escape), st.integers(min_value=4, max_value=40))
def test_pieces_fit_and_hold_everything(text: str, limit: int) -> None:
    pieces = split(text, limit)

    assert all(length(piece) <= limit for piece in pieces)
    assert "".join(pieces).replace(" ", "") == text.replace(" ", "")
    assert all(alive(piece) == [] or piece[0].isdigit() or piece[0] in "-+" for piece in pieces)


def test_cuts_are_made_at_spaces() -> None:
    assert split("one two three four", 9) == ["one two", "three", "four"]
    assert split("abcdefghij", 4) == ["abcd", "efgh", "ij"]
    assert split("", 10) == [""]


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0, "0:00"), (12.9, "0:12"), (60, "1:00"), (754, "12:34"), (3723.4, "1:02:03"), (-3, "0:00")]
)
def test_clock(seconds: float, expected: str) -> None:
    assert clock(seconds) == expected
