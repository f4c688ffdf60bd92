from __future__ import annotations

import json
from datetime import timedelta

import pytest

from bot.local.talk import Said
from bot.local.transcript import CUE_CHARACTERS, Format, Outcome, Transcript, render
from wire.base import Person
from wire.conversations import ActionItem, Question, Topic

LONG = "We have forty two thousand dollars approved, and the venue came back at eighteen thousand five hundred, which is high."
OUTCOME = Outcome(
    "1234567890123456",
    (Topic(id="t", text="release plan"),),
    (ActionItem(id="a", text="Ana will send the draft.", assignee=Person(name="Ana"), due_by="2026-03-06T08:00:00Z"),),
    (),
    (Question(id="q", text="Who takes the minutes?", from_=Person(name="Bob")),),
)


def transcript(*said: Said) -> Transcript:
    return Transcript("Weekly", 75.0, said, OUTCOME)


TWO = transcript(Said(1.0, 2.5, "Ana", "Good morning."), Said(3661.25, 3662.0, "Bob", "Who takes\nthe minutes?"))


def moments(stamps: str) -> list[float]:
    """The two times of a cue, in seconds."""
    return [
        timedelta(hours=int(stamp[:2]), minutes=int(stamp[3:5]), seconds=float(stamp[6:].replace(",", "."))).total_seconds()
        for stamp in stamps.split(" --> ")
    ]


def test_plain_text_has_a_line_each() -> None:
    assert render(TWO, Format.TXT) == "[0:01] Ana: Good morning.\n[1:01:01] Bob: Who takes the minutes?\n"


def test_subrip_numbers_its_cues_and_names_who_speaks() -> None:
    assert render(TWO, Format.SRT) == (
        "1\n00:00:01,000 --> 00:00:02,500\nAna: Good morning.\n\n2\n01:01:01,250 --> 01:01:02,000\nBob: Who takes the minutes?\n"
    )


def test_a_single_speaker_is_not_named_in_every_cue() -> None:
    assert "Ana" not in render(transcript(TWO.said[0]), Format.SRT)


def test_webvtt_names_speakers_and_takes_no_markup_from_them() -> None:
    text = render(transcript(Said(1.0, 2.0, "<b>", "1 < 2 --> & done")), Format.VTT)
    assert text == "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\n<v &lt;b&gt;>1 &lt; 2 --&gt; &amp; done\n"


@pytest.mark.parametrize("form", [Format.SRT, Format.VTT])
def test_long_sentences_are_cut_to_what_fits_on_a_screen_and_lose_nothing(form: Format) -> None:
    lines = render(transcript(Said(10.0, 20.0, "Ana", LONG)), form).splitlines()
    times = [moments(line) for line in lines if "-->" in line]
    texts = [lines[index + 1].removeprefix("<v Ana>") for index, line in enumerate(lines) if "-->" in line]
    assert " ".join(texts) == LONG
    assert len(texts) > 1
    assert all(len(text) <= CUE_CHARACTERS for text in texts)
    assert (times[0][0], times[-1][1]) == (10.0, 20.0)
    assert [end for _, end in times[:-1]] == [start for start, _ in times[1:]]


def test_markdown_has_what_it_came_to_and_no_formatting_of_the_speakers() -> None:
    text = render(transcript(Said(1.0, 2.0, "Ana", "**bold** # no")), Format.MD)
    assert "# Weekly" in text
    assert "**Ana** (0:01): \\*\\*bold\\*\\* \\# no" in text
    assert "- Ana: Ana will send the draft. (due 2026-03-06)" in text
    assert "## Follow-ups\n\n- none" in text


def test_json_has_everything() -> None:
    found = json.loads(render(TWO, Format.JSON))
    assert found["conversationId"] == "1234567890123456"
    assert found["messages"][0] == {"start": 1.0, "end": 2.5, "speaker": "Ana", "text": "Good morning."}
    assert [item["dueBy"] for item in found["actionItems"]] == ["2026-03-06T08:00:00Z"]
    assert (len(found["topics"]), len(found["followUps"]), len(found["questions"])) == (1, 0, 1)


@pytest.mark.parametrize("form", list(Format))
def test_nothing_said_is_a_file_nevertheless(form: Format) -> None:
    assert isinstance(render(Transcript("Weekly", 0.0, (), Outcome("")), form), str)
