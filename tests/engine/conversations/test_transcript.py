from __future__ import annotations

from engine.conversations.transcript import Line, render
from wire.reports import TranscriptFile

JANE = Line(0.0, 2.5, "Jane", "Good morning.")
MORE = Line(3.0, 4.0, "Jane", "Send the draft to Bob.", marks=("Send the draft",))
BOB = Line(3661.25, 3661.3, "Bob", "I *will* <script>\n--> now.")


def test_markdown_as_it_was_documented() -> None:
    told = render([JANE, MORE], "text/markdown", paragraphs=False, speakers=True)
    assert told.payload == "Jane: Good morning.<br/><br/>Jane: <mark>Send the draft</mark> to Bob."
    told = render([JANE, MORE], "text/markdown", paragraphs=False, speakers=False)
    assert told.payload == "Good morning. <mark>Send the draft</mark> to Bob."


def test_a_paragraph_is_what_one_person_says() -> None:
    lines = [JANE, MORE, BOB, Line(3662, 3663, "Bob", "Yes.")]
    told = render(lines, "text/markdown", paragraphs=True, speakers=True)
    assert isinstance(told.payload, str)
    assert told.payload.split("<br/><br/>")[0] == "Jane: Good morning. <mark>Send the draft</mark> to Bob."
    assert len(told.payload.split("<br/><br/>")) == 2
    after_an_hour = render([JANE, Line(4000, 4001, "Jane", "Again.")], "text/markdown", paragraphs=True, speakers=False)
    assert after_an_hour.payload == "Good morning.<br/><br/>Again."


def test_what_was_said_is_never_markup() -> None:
    (markdown, vtt) = (render([BOB], kind, paragraphs=False, speakers=True).payload for kind in ("text/markdown", "text/vtt"))
    assert markdown == "Bob: I \\*will\\* &lt;script&gt; --&gt; now."
    assert isinstance(vtt, str)
    assert vtt == "WEBVTT\n\n01:01:01.250 --> 01:01:01.750\n<v Bob>I *will* &lt;script&gt; --&gt; now.\n"


def test_srt_is_numbered_and_no_line_looks_like_a_time() -> None:
    told = render([JANE, BOB], "text/srt", paragraphs=True, speakers=False)
    assert told.payload == TranscriptFile(
        content=(
            "1\n00:00:00,000 --> 00:00:02,500\nGood morning.\n\n2\n01:01:01,250 --> 01:01:01,750\nI *will* <script> -> now.\n"
        ),
        content_type="text/srt",
    )


def test_plain_text_and_lines_for_programs() -> None:
    nobody = Line(5.0, 6.0, None, "Hm.")
    told = render([JANE, nobody], "text/plain", paragraphs=False, speakers=True)
    assert told.payload == "Jane: Good morning.\n\nUnknown speaker: Hm."
    assert render([JANE, nobody], "text/plain", paragraphs=False, speakers=False).payload == "Good morning. Hm."
    lines = render([JANE, nobody], "application/json", paragraphs=False, speakers=False).as_json()
    assert lines == {
        "payload": [
            {"start": 0.0, "end": 2.5, "speaker": "Jane", "text": "Good morning."},
            {"start": 5.0, "end": 6.0, "text": "Hm."},
        ],
        "contentType": "application/json",
    }


def test_nothing_said() -> None:
    assert render([], "text/vtt", paragraphs=False, speakers=False).payload == "WEBVTT\n"
    assert render([], "text/markdown", paragraphs=True, speakers=True).payload == ""
