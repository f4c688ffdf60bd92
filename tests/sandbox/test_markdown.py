from __future__ import annotations

from sandbox.markdown import render

NAMES = {12: "Alice", 34: "#team"}


def test_markup_is_shown_and_escapes_are_taken_away() -> None:
    text = render(
        "## Weekly\\!\n- **Ben**: see [0:12](https://x.org/a) in <#34>, <@12>\n-# small \\* print\n`code` @\u200beveryone", NAMES
    )
    assert text.plain == "Weekly!\n  • Ben: see 0:12 in #team, Alice\nsmall * print\ncode @everyone"


def test_code_blocks_are_left_alone() -> None:
    assert render("```\n**Ben** █ 0:12\n```", {}).plain == "**Ben** █ 0:12"


def test_moments_and_unknown_mentions() -> None:
    assert render("due <t:1700000000:D> <@99>", {}).plain.startswith("due 1")
    assert render("<@99>", {}).plain == "99"


def test_voices_have_colours_of_their_own() -> None:
    text = render("**Alice** **Ben** **Else**", {}, voices=("Alice", "Ben"))
    assert [str(span.style) for span in text.spans] == ["bold cyan", "bold green", "bold"]
