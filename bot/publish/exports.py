"""The transcript as a file. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from bot.meetings.entries import Gap, Line, Note, time_of
from bot.publish.gist import gist, made_by
from bot.publish.lines import gap_text
from bot.publish.markup import bold_name, clock, escape
from bot.publish.summary import talk_times

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.meetings.result import MeetingResult
    from bot.publish.gist import Gist
    from wire.conversations import ActionItem, Question


def markdown(result: MeetingResult) -> str:
    """The whole meeting as Markdown: what it was, who said what when, what was lost, and what it came to."""
    return "\n".join([*_head(result), "## Transcript", "", *_transcript(result), "", *_outcome(result)])


def _head(result: MeetingResult) -> Iterator[str]:
    yield f"# {escape(result.opened.title)}"
    yield ""
    yield f"- Began: {_moment(result.opened.started_at)}"
    yield f"- Lasted: {clock(result.seconds)}"
    if result.reason:
        yield f"- Ended: {escape(result.reason)}"
    for talk in talk_times(result.entries):
        yield f"- {bold_name(talk.name)} spoke {clock(talk.seconds)}, {talk.words} words"
    if result.conversation_id:
        yield f"- Conversation: {escape(result.conversation_id)}"
    if maker := made_by(result):
        yield f"- {maker}"
    if result.failure:
        yield f"- Note: {escape(result.failure)}"
    yield ""


def _transcript(result: MeetingResult) -> Iterator[str]:
    if not result.entries:
        yield "Nothing was said that could be understood."
    for entry in sorted(result.entries, key=time_of):
        match entry:
            case Line() if entry.key in result.corrections:
                text = escape(result.corrections[entry.key])
                yield f"{bold_name(entry.name)} ({clock(entry.start)}): {text} _(first understood as: {escape(entry.text)})_"
            case Line():
                yield f"{bold_name(entry.name)} ({clock(entry.start)}): {escape(entry.text)}"
            case Gap():
                yield f"_[{escape(gap_text(entry)[1:-1])}] ({clock(entry.start)})_"
            case Note():
                yield f"_{escape(entry.text)} ({clock(entry.at)})_"
        yield ""


def _outcome(result: MeetingResult) -> Iterator[str]:
    found = gist(result)
    if found.key_points:
        yield from _section("Key points", [escape(point.text) for point in found.key_points], found.note)
    if found.decisions:
        yield from _section("Decisions", [escape(point.text) for point in found.decisions])
    yield from _section("Topics", [escape(topic.text) for topic in result.topics])
    yield from _section("Action items", [_item(item) for item in result.action_items])
    yield from _section("Follow-ups", [_item(item) for item in result.follow_ups])
    yield from _section("Questions", [_question(question, found) for question in result.questions])


def _section(title: str, items: list[str], note: str = "") -> Iterator[str]:
    yield f"## {title}"
    yield ""
    if note:
        yield f"_{note}_"
        yield ""
    yield from (f"- {item}" for item in items or ["none"])
    yield ""


def _item(item: ActionItem) -> str:
    owner = item.assignee.name or item.from_.name
    text = f"{bold_name(owner)}: {escape(item.text)}" if owner else escape(item.text)
    return f"{text} (due {_day(item.due_by)})" if item.due_by else text


def _question(question: Question, found: Gist) -> str:
    name = question.from_.name
    text = f"{bold_name(name)}: {escape(question.text)}" if name else escape(question.text)
    return f"{text} (still open)" if found.is_open(question) else text


def _moment(iso: str) -> str:
    try:
        return f"{datetime.fromisoformat(iso):%Y-%m-%d %H:%M %Z}".rstrip()
    except ValueError:
        return escape(iso)


def _day(iso: str) -> str:
    try:
        return f"{datetime.fromisoformat(iso):%a %d %b %Y}"
    except ValueError:
        return escape(iso)
