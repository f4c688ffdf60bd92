from __future__ import annotations

import pytest

from bot.meetings.entries import Gap, Line, Note, Spoken
from bot.publish.lines import drafts
from sandbox.transcript import Block, read_transcript
from sandbox.verdict import Said, judge


def test_reads_blocks_notes_and_continued_lines() -> None:
    found = read_transcript(
        [
            "-# Ben joined",
            "**Alice** `0:12` Good morning.\nMore of it.\n**D\\*n** `1:02:03` 2 \\* 3 is 6\n-# \\[gap 3.2 s: Ben's audio lost\\]",
            "## Weekly: summary\n**Alice** `0:12` is not part of the transcript",
        ]
    )
    assert found.blocks == (Block("Alice", 12.0, "Good morning. More of it."), Block("D*n", 3723.0, "2 * 3 is 6"))
    assert found.notes == ("Ben joined", "[gap 3.2 s: Ben's audio lost]")


@pytest.mark.parametrize("text", ["Plain words.", "*stars* _and_ `code` @everyone", "- 1. # > |x| [a](b)", "back\\slash"])
def test_reads_what_the_bot_writes(text: str) -> None:
    entries: list[Spoken] = [
        Line(key="1", user_id=1, name="A_l*ice", start=12.4, end=13.0, text=text),
        Gap(key="2", user_id=2, name="Ben", start=14.0, seconds=3.2, reason="network"),
        Note(key="3", at=15.0, text="Carla joined"),
        Line(key="4", user_id=2, name="Ben", start=3723.0, end=3724.0, text="x " * 2500),
    ]
    found = read_transcript(each.text for each in drafts(entries))
    assert found.blocks[0] == Block("A_l*ice", 12.0, text)
    assert found.said_by("Ben").split() == ["x"] * 2500
    assert found.names() == ["A_l*ice", "Ben"]
    assert len(found.notes) == 2


SCRIPT = [
    Said("Alice", "Good morning everyone, let us begin."),
    Said("Ben", "The login crash is fixed."),
    Said("Ben", "I will fix the payment bug by Thursday."),
]


def thread(*blocks: tuple[str, str]) -> list[str]:
    return [f"**{name}** `0:01` {text}" for name, text in blocks]


def test_everything_in_its_place_with_an_error() -> None:
    verdict = judge(
        SCRIPT,
        read_transcript(thread(("Alice", SCRIPT[0].text), ("Ben", f"The login clash is fixed. {SCRIPT[2].text}"))),
    )
    assert verdict.complaint() == ""
    assert (verdict.errors["Ben"].wrong, verdict.overall.wrong, verdict.overall.said) == (1, 1, 19)
    assert (verdict.own("Alice"), verdict.own("Ben")) == (1, 2)


def test_times_are_compared_beside_a_common_shift() -> None:
    turns = [Said("Alice", f"sentence number {word} is said here", 10.0 * n, 10.0 * n + 4) for n, word in enumerate("abcde")]
    at = [3, 13, 26, 33, 58]
    messages = [f"**Alice** `0:{second:02}` {turn.text}" for second, turn in zip(at, turns, strict=True)]
    verdict = judge(turns, read_transcript(messages))
    assert verdict.time_errors == (0.0, 0.0, 0.0, 0.0, 11.0)
    assert verdict.untimely == 1
    assert "times are wrong" in verdict.complaint()


def test_a_turn_under_a_wrong_name_is_named() -> None:
    verdict = judge(SCRIPT, read_transcript(thread(("Alice", f"{SCRIPT[0].text} {SCRIPT[1].text}"), ("Ben", SCRIPT[2].text))))
    assert verdict.misplaced == ((SCRIPT[1], "Alice"),)
    assert "Ben's under Alice" in verdict.complaint()


def test_a_lost_turn_and_a_stranger_are_named() -> None:
    lost = judge(SCRIPT, read_transcript(thread(("Alice", SCRIPT[0].text), ("Ben", SCRIPT[2].text))))
    assert lost.missing == (SCRIPT[1],)
    assert "1 of 3 turns are not in the thread" in lost.complaint()
    strange = judge(SCRIPT, read_transcript(thread(*((each.name, each.text) for each in SCRIPT), ("Member 0001", "hm"))))
    assert "Member 0001" in strange.complaint()
