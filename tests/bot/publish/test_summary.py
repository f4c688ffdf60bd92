from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.meetings.entries import Gap, Line, Note, Opened
from bot.meetings.result import MeetingResult
from bot.publish.exports import markdown
from bot.publish.markup import length
from bot.publish.summary import due_text, pack, summary_messages, talk_times, team_messages
from tests.bot.publish.markdown import shown
from wire.base import Person
from wire.conversations import ActionItem, Question, Topic
from wire.reports import MessageRef, PageLink, Reading, SectionEntry, Summary, SummaryItem, SummarySection

OPENED = Opened(
    meeting_id="m1",
    guild_id=1,
    voice_channel_id=5,
    thread_id=77,
    title="Weekly *sync*",
    started_at="2026-01-05T09:00:00+00:00",
    connection_id="c",
)
LINES = (
    Line(key="k1", user_id=1, name="Ana", start=12.0, end=42.0, text="We ship on Friday, and Ben will send the report."),
    Gap(key="g", user_id=2, name="Ben", start=45.0, seconds=3.21, reason="loss"),
    Line(key="k2", user_id=2, name="Ben", start=50.0, end=60.0, text="When do we meet again?"),
    Note(key="n", at=61.0, text="Cem left."),
)
URLS = {"k1": "https://discord.test/1/77/100", "k2": "https://discord.test/1/77/101"}
ITEM = ActionItem(
    id="a",
    text="Ben will send the report.",
    message_ids=["x1"],
    assignee=Person(name="Ben"),
    from_=Person(name="Ana"),
    due_by="2026-01-09T17:00:00+01:00",
)
FULL = MeetingResult(
    OPENED,
    LINES,
    125.0,
    "stopped by Ana",
    "1234567890123456",
    topics=(Topic(id="t1", text="report"), Topic(id="t2", text="release on Friday")),
    action_items=(ITEM,),
    follow_ups=(ActionItem(id="f", text="Meet again with the team.", message_ids=["k2"], from_=Person(name="Ana")),),
    questions=(Question(id="q", text="When do we meet again?", message_ids=["k2"], from_=Person(name="Ben")),),
    links={"x1": "k1"},
)


def test_a_whole_summary() -> None:
    [text] = summary_messages(FULL, URLS)

    assert text == (
        "## Weekly \\*sync\\*: summary\n"
        "Lasted 2:05 · 2 people spoke · 15 words · ended: stopped by Ana\n"
        "### Topics\n"
        "report · release on Friday\n"
        "### Action items\n"
        "- **Ben** will send the report. · due <t:1767974400:D> · [0:12](https://discord.test/1/77/100)\n"
        "### Follow-ups\n"
        "- **Ana**: Meet again with the team. · [0:50](https://discord.test/1/77/101)\n"
        "### Questions\n"
        "- **Ben**: When do we meet again? · [0:50](https://discord.test/1/77/101)\n"
        "### Talk time\n"
        "```\n"
        "Ana ████████████████ 0:30  75% 10 words\n"
        "Ben █████            0:10  25% 5 words\n"
        "```\n"
        "-# Conversation `1234567890123456`"
    )


def sentence(text: str, *message_ids: str) -> SummaryItem:
    return SummaryItem(id=text, text=text, message_refs=[MessageRef(id=message_id) for message_id in message_ids])


def section(name: str, *entries: SummaryItem) -> SummarySection:
    items = [SectionEntry(text=entry.text, message_refs=entry.message_refs) for entry in entries]
    return SummarySection(name=name, title=name, items=items)


def test_key_points_and_decisions_are_told_once_with_their_speaker_and_their_line() -> None:
    lines = (*LINES, Line(key="k3", user_id=1, name="Ana", start=70.0, end=75.0, text="We chose *Lisbon*. It is warm there."))
    summary = Summary(
        summary=[
            sentence("Ana: Ben will send the report.", "x1"),
            sentence("Ana: It is *warm* there.", "k9"),
            sentence("Ana: We chose Lisbon.", "k3"),
        ],
        sections=[
            section("talked_about", sentence("report", "x1")),
            section("decided", sentence("Ana: We chose *Lisbon*.", "k3")),
            section("open_questions", sentence("When do we meet again?", "k2")),
        ],
    )
    result = replace(FULL, entries=lines, summary=summary)
    [text] = summary_messages(result, URLS)

    assert (
        "### Key points\n"
        "-# Extractive: chosen from what was said, word for word.\n"
        "- Ana: It is \\*warm\\* there.\n"
        "### Decisions\n"
        "- **Ana**: We chose \\*Lisbon\\*. · 1:10\n"
        "### Topics\n"
    ) in text
    assert text.count("send the report") == 1
    assert "- **Ben**: When do we meet again? · still open · [0:50]" in text
    written = markdown(result)
    assert (
        "## Key points\n\n_Extractive: chosen from what was said, word for word._\n\n- Ana: It is \\*warm\\* there.\n" in written
    )
    assert "## Decisions\n\n- Ana: We chose \\*Lisbon\\*.\n" in written
    assert "When do we meet again? (still open)" in written


@pytest.mark.parametrize(
    ("reading", "told"),
    [
        (Reading(status="completed", model="small_1", made_by="language_model"), "Made by small\\_1"),
        (
            Reading(status="completed", model="small", made_by="local", reason="did not answer within 60 s"),
            "Made by the local engine: small did not answer within 60 s",
        ),
        (
            Reading(status="completed", model="small", made_by="both", reason="gave an empty answer, 1 of 4 times"),
            "Made by small and the local engine: small gave an empty answer, 1 of 4 times",
        ),
        (Reading(status="in_progress", model="small", made_by="local"), "Made by the local engine: small was still reading"),
    ],
)
def test_where_a_language_model_was_asked_the_summary_says_who_made_it(reading: Reading, told: str) -> None:
    result = replace(FULL, reading=reading)
    assert f"stopped by Ana\n-# {told}\n### Topics" in summary_messages(result, URLS)[0]
    assert f"- {told}\n" in markdown(result)


def test_what_a_language_model_wrote_is_told_whole_and_said_to_be_written() -> None:
    written = Summary(summary=[sentence("Ben sends a report and they ship on *Friday*.", "x1", "k1")], written_by="small")
    result = replace(FULL, summary=written, reading=Reading(status="completed", model="small", made_by="language_model"))
    [text] = summary_messages(result, URLS)
    assert "Extractive" not in text + markdown(result)
    assert (
        "-# Made by small\n### Key points\n"
        "- Ben sends a report and they ship on \\*Friday\\*. · [0:12](https://discord.test/1/77/100)\n"
    ) in text


def test_the_page_of_the_meeting_is_linked_with_its_end() -> None:
    page = PageLink(url="https://minutes.example/#conversation/1/a.b.c", expires="2026-01-12T09:00:00.000Z")
    [text] = summary_messages(replace(FULL, page=page), URLS)
    line = text.splitlines()[-2]
    assert line == f"-# [The meeting's page]({page.url}), open to whoever has this link until <t:1768208400:D>"
    assert "page" not in summary_messages(FULL, URLS)[0]


def test_empty_sections_say_so() -> None:
    [text] = summary_messages(MeetingResult(OPENED, (), 5.0, "everybody had left"), {})

    assert text.count("None were heard.") == 3
    assert "None stood out." in text
    assert "Nobody said anything that could be understood." in text
    assert "0 people spoke · 0 words" in text


def test_a_missing_engine_is_not_called_an_empty_meeting() -> None:
    gone = MeetingResult(OPENED, LINES, 125.0, "stopped", failure="The engine was gone at the end.")
    [text] = summary_messages(gone, URLS)
    [team] = team_messages(gone, "https://discord.test/1/77", URLS)

    for each in (text, team):
        assert "⚠ The engine was gone at the end. No topics, action items, follow-ups or questions could be found." in each
        assert "None were heard" not in each
    assert "Talk time" in text


def test_a_failure_beside_results_shows_both() -> None:
    partly = MeetingResult(OPENED, LINES, 125.0, "stopped", topics=FULL.topics, failure="The last words may be missing.")
    [text] = summary_messages(partly, URLS)

    assert "⚠ The last words may be missing.\n" in text
    assert "report · release on Friday" in text


def test_the_team_is_told_what_is_to_be_done_and_where_it_stands() -> None:
    [text] = team_messages(FULL, "https://discord.test/1/77", URLS)

    assert "[transcript](https://discord.test/1/77)" in text
    assert "**Ben** will send the report." in text
    assert "Meet again with the team." in text
    assert "Questions" not in text


def test_what_people_said_stays_dead_in_the_summary() -> None:
    evil = "[x](https://evil.example) @everyone <@1> **b** # h"
    result = MeetingResult(
        OPENED.model_copy(update={"title": evil}),
        (Line(key="k", user_id=1, name="```\n# Eve", start=0, end=1, text=evil),),
        5.0,
        evil,
        topics=(Topic(id="t", text=evil),),
        action_items=(ActionItem(id="a", text=evil, assignee=Person(name=evil), due_by="@everyone"),),
        questions=(Question(id="q", text=evil, from_=Person(name=evil)),),
    )
    [text] = summary_messages(result, {})

    assert "@everyone" not in text
    assert "https://" not in text
    assert "<@1>" not in text
    assert text.count("```") == 2
    assert "@everyone" in shown(text)


@pytest.mark.parametrize(
    ("due_by", "expected"),
    [
        ("2026-01-09T17:00:00Z", "<t:1767978000:D>"),
        ("2026-01-09T17:00:00.000+01:00", "<t:1767974400:D>"),
        ("2026-01-09", "Fri 09 Jan 2026"),
        ("2026-01-09T17:00:00", "Fri 09 Jan 2026"),
        ("next *week*", "next \\*week\\*"),
    ],
)
def test_due_dates(due_by: str, expected: str) -> None:
    assert due_text(due_by) == expected


@given(st.integers(min_value=0, max_value=60), st.integers(min_value=1, max_value=2500))
def test_long_summaries_go_over_several_messages_whole(count: int, words: int) -> None:
    items = tuple(ActionItem(id=str(index), text=f"Item {index} " + "word " * (words // (count or 1))) for index in range(count))
    messages = summary_messages(MeetingResult(OPENED, LINES, 125.0, "stopped", action_items=items), URLS)

    assert all(length(message) <= 2000 for message in messages)
    assert "\n".join(messages).count("- Item ") == count
    assert all(not message.rsplit("\n", 1)[-1].startswith("##") for message in messages)


def test_many_speakers_fit_into_one_chart() -> None:
    lines = tuple(
        Line(key=str(n), user_id=n, name=f"日本語の名前が長い{n:02}", start=n, end=n + 1, text="a b") for n in range(60)
    )
    messages = summary_messages(MeetingResult(OPENED, lines, 125.0, "stopped"), {})

    assert all(message.count("```") in {0, 2} for message in messages)
    assert "... and 35 more" in messages[-1]


def test_pack_keeps_a_heading_with_what_follows() -> None:
    assert pack(["a" * 90, "### Head", "b" * 20], 100) == ["a" * 90, "### Head\n" + "b" * 20]


def test_talk_times_add_up_for_each_person() -> None:
    talks = talk_times([*LINES, Line(key="k3", user_id=2, name="Benjamin", start=70, end=110, text="one two")])

    assert [(talk.name, talk.seconds, talk.words) for talk in talks] == [("Benjamin", 50.0, 7), ("Ana", 30.0, 10)]


def test_the_file_holds_transcript_gaps_and_outcome() -> None:
    text = markdown(FULL)

    assert text.startswith("# Weekly \\*sync\\*\n")
    assert "- Began: 2026-01-05 09:00 UTC" in text
    assert "**Ana** (0:12): We ship on Friday, and Ben will send the report." in text
    assert "_[gap 3.2 s: Ben's audio lost] (0:45)_" in text
    assert "_Cem left. (1:01)_" in text
    assert "- **Ben**: Ben will send the report. (due Fri 09 Jan 2026)" in text
    assert text.index("0:12") < text.index("0:45") < text.index("0:50") < text.index("1:01")


def test_the_file_of_a_silent_meeting_says_so() -> None:
    assert "Nothing was said that could be understood." in markdown(MeetingResult(OPENED, (), 5.0, ""))


def test_items_stand_in_the_order_in_which_they_were_said() -> None:
    items = [
        ActionItem(id=name, text=name, message_ids=[key]) for name, key in (("Third", "?"), ("Second", "k2"), ("First", "k1"))
    ]
    [text] = summary_messages(MeetingResult(OPENED, LINES, 125.0, "stopped", action_items=tuple(items)), URLS)

    assert text.index("First") < text.index("Second") < text.index("Third")


def test_of_many_questions_the_likeliest_are_shown_in_their_order_and_all_in_the_file() -> None:
    questions = tuple(Question(id=str(n), text=f"Is this number {n}?", score=0.5 + (n % 3) / 10) for n in range(40))
    result = replace(FULL, questions=questions)
    text = "\n".join(summary_messages(result, URLS))
    shown_numbers = [n for n in range(40) if f"number {n}?" in text]
    assert len(shown_numbers) == 15
    assert {n % 3 for n in shown_numbers} == {1, 2}
    assert [text.index(f"number {n}?") for n in shown_numbers] == sorted(text.index(f"number {n}?") for n in shown_numbers)
    assert "and 25 more in the transcript's file" in text
    assert all(f"number {n}?" in markdown(result) for n in range(40))
