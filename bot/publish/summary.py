"""What a meeting came to, as messages. Pure: a result in, texts out."""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from bot.meetings.entries import Line
from bot.publish.gist import gist, made_by
from bot.publish.markup import MESSAGE_LIMIT, clock, escape, length, plain, split
from bot.publish.second_look import correction_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bot.meetings.entries import Spoken
    from bot.meetings.result import MeetingResult
    from bot.publish.gist import Gist, Point
    from wire.conversations import ActionItem, Question

_BAR_CELLS = 16
_NAME_CELLS = 18
_TALKERS_SHOWN = 25
_QUESTIONS_SHOWN = 15
"""An hour's meeting asks far more; the likeliest are shown, all stand in the file."""
_TITLE_LIMIT = 200
_NOBODY = "Nobody said anything that could be understood."


@dataclass(frozen=True, slots=True)
class Talk:
    """How much somebody spoke: seconds of their sentences, and words."""

    name: str
    seconds: float
    words: int


def talk_times(entries: Iterable[Spoken]) -> list[Talk]:
    """One for each speaker, who spoke longest first."""
    totals: dict[tuple[int | None, str], Talk] = {}
    for line in entries:
        if isinstance(line, Line):
            key = (line.user_id, "" if line.user_id is not None else line.name)
            before = totals.get(key, Talk(line.name, 0.0, 0))
            spoken = before.seconds + max(0.0, line.end - line.start)
            totals[key] = Talk(line.name, spoken, before.words + len(line.text.split()))
    return sorted(totals.values(), key=lambda talk: (-talk.seconds, talk.name))


def summary_messages(result: MeetingResult, urls: Mapping[str, str], *, limit: int = MESSAGE_LIMIT) -> list[str]:
    """The messages that end a thread. `urls` leads from a line's key to the address of the post that holds it."""
    refer = _References(result, urls)
    talks = talk_times(result.entries)
    found = gist(result)
    lines = [f"## {escape(_title(result))}: summary", _facts(result, talks)]
    lines += [f"-# {maker}"] if (maker := made_by(result)) else []
    lines += _warning(result)
    if not _insightless(result):
        lines += _gist(found, refer)
        lines += ["### Topics", " · ".join(escape(topic.text) for topic in result.topics) or "None stood out."]
        lines += ["### Action items", *_items(result.action_items, refer)]
        lines += ["### Follow-ups", *_items(result.follow_ups, refer)]
        lines += ["### Questions", *_questions(result.questions, found, refer)]
    lines += correction_lines(result, urls)
    lines += ["### Talk time", _chart(talks) if talks else _NOBODY]
    if result.page:
        until = due_text(result.page.expires)
        lines.append(f"-# [The meeting's page]({result.page.url}), open to whoever has this link until {until}")
    if result.conversation_id:
        lines.append(f"-# Conversation `{plain(result.conversation_id).replace('`', '')}`")
    return pack(lines, limit)


def team_messages(result: MeetingResult, thread_url: str, urls: Mapping[str, str], *, limit: int = MESSAGE_LIMIT) -> list[str]:
    """What the team channel is told: where the thread is, what is to be done, what to come back to."""
    refer = _References(result, urls)
    lines = [f"## {escape(_title(result))}", f"{_facts(result, talk_times(result.entries))} · [transcript]({thread_url})"]
    lines += _warning(result)
    if not _insightless(result):
        lines += ["### Action items", *_items(result.action_items, refer)]
        lines += ["### Follow-ups", *_items(result.follow_ups, refer)]
    return pack(lines, limit)


def item_lines(result: MeetingResult, urls: Mapping[str, str]) -> dict[str, str]:
    """Each action item and follow-up as it stands in the summary, by its id."""
    refer = _References(result, urls)
    return {item.id: _item(item, refer) for item in (*result.action_items, *result.follow_ups)}


def pack(lines: Sequence[str], limit: int) -> list[str]:
    """Lines put into messages of at most `limit` UTF-16 units; a heading is never the last line of a message."""
    messages: list[str] = []
    text = ""
    for block in _with_headings(lines):
        for index, piece in enumerate(_fitting(block, limit)):
            longer = f"{text}\n{piece}" if text and index == 0 else piece
            if text and (index > 0 or length(longer) > limit):
                messages.append(text)
                longer = piece
            text = longer
    return [*messages, text] if text else messages


class _References:
    """From an item of the Conversation API to the line that it comes from, as a link with the line's time."""

    def __init__(self, result: MeetingResult, urls: Mapping[str, str]) -> None:
        self._links = result.links
        self._urls = urls
        self._lines = {entry.key: entry for entry in result.entries if isinstance(entry, Line)}

    def __call__(self, message_ids: Sequence[str]) -> str:
        """`[0:12](address)`, or only the time where there is no address, or nothing."""
        line = self._line(message_ids)
        if line is None:
            return ""
        url = self._urls.get(line.key)
        return f"[{clock(line.start)}]({url})" if url else clock(line.start)

    def said_by(self, point: Point) -> str:
        """The name that a quoted sentence begins with, or nothing."""
        line = self._line(point.message_ids)
        return line.name if line is not None and point.text.startswith(f"{line.name}: ") else ""

    def time(self, item: ActionItem | Question) -> float:
        """When it was said, to sort by; what cannot be found comes last."""
        line = self._line(item.message_ids)
        return line.start if line is not None else math.inf

    def _line(self, message_ids: Sequence[str]) -> Line | None:
        found = (self._lines.get(self._links.get(message_id, message_id)) for message_id in message_ids)
        return next((line for line in found if line is not None), None)


def due_text(due_by: str) -> str:
    """A moment as Discord shows it in the reader's own time zone, a bare day as that day; what cannot be read stays as it is."""
    try:
        if len(due_by) == len("2025-12-05"):
            return f"{date.fromisoformat(due_by):%a %d %b %Y}"
        moment = datetime.fromisoformat(due_by)
    except ValueError:
        return escape(due_by)
    return f"<t:{int(moment.timestamp())}:D>" if moment.tzinfo else f"{moment:%a %d %b %Y}"


def _gist(found: Gist, refer: _References) -> list[str]:
    """The sections that say something; silence where there are none, as in a meeting of a minute."""
    lines = ["### Key points", *([f"-# {found.note}"] if found.note else []), *_points(found.key_points, refer)]
    lines = lines if found.key_points else []
    return [*lines, "### Decisions", *_points(found.decisions, refer)] if found.decisions else lines


def _points(points: Sequence[Point], refer: _References) -> list[str]:
    lines = []
    for point in points:
        name = refer.said_by(point)
        text = f"**{escape(name)}**: {escape(point.text.removeprefix(f'{name}: '))}" if name else escape(point.text)
        lines.append(" · ".join(filter(None, [f"- {text}", refer(point.message_ids)])))
    return lines


def _items(items: Sequence[ActionItem], refer: _References) -> list[str]:
    return [_item(item, refer) for item in sorted(items, key=refer.time)] or ["None were heard."]


def _item(item: ActionItem, refer: _References) -> str:
    owner = escape(item.assignee.name or item.from_.name or "")
    text = escape(item.text)
    if owner and text.casefold().startswith(f"{owner.casefold()} "):
        text = f"**{text[: len(owner)]}**{text[len(owner) :]}"
    elif owner:
        text = f"**{owner}**: {text}"
    details = [f"due {due_text(item.due_by)}" if item.due_by else "", refer(item.message_ids)]
    return " · ".join(["- " + text, *(detail for detail in details if detail)])


def _questions(questions: Sequence[Question], found: Gist, refer: _References) -> list[str]:
    in_order = sorted(questions, key=refer.time)
    likeliest = sorted(range(len(in_order)), key=lambda place: -in_order[place].score)[:_QUESTIONS_SHOWN]
    lines = [_question(in_order[place], found, refer) for place in sorted(likeliest)]
    if len(questions) > len(likeliest):
        lines.append(f"-# and {len(questions) - len(likeliest)} more in the transcript's file")
    return lines or ["None were heard."]


def _question(question: Question, found: Gist, refer: _References) -> str:
    asker = escape(question.from_.name or "")
    text = f"- **{asker}**: {escape(question.text)}" if asker else f"- {escape(question.text)}"
    details = ["still open" if found.is_open(question) else "", refer(question.message_ids)]
    return " · ".join([text, *filter(None, details)])


def _title(result: MeetingResult) -> str:
    return result.opened.title[:_TITLE_LIMIT]


def _facts(result: MeetingResult, talks: Sequence[Talk]) -> str:
    people = "1 person spoke" if len(talks) == 1 else f"{len(talks)} people spoke"
    words = sum(talk.words for talk in talks)
    facts = [f"Lasted {clock(result.seconds)}", people, f"{words} word{'' if words == 1 else 's'}"]
    if result.reason:
        facts.append(f"ended: {escape(result.reason)}")
    return " · ".join(facts)


def _warning(result: MeetingResult) -> list[str]:
    if result.failure is None:
        return []
    missing = " No topics, action items, follow-ups or questions could be found." if _insightless(result) else ""
    return [f"> ⚠ {escape(result.failure)}{missing}"]


def _insightless(result: MeetingResult) -> bool:
    """Something went wrong, and that is why there is nothing: empty sections would say that nothing was found."""
    found = (*result.topics, *result.action_items, *result.follow_ups, *result.questions)
    return result.failure is not None and not found


def _chart(talks: Sequence[Talk]) -> str:
    """Bars of talk time in a code block, in which nothing is markup but its own end."""
    shown = talks[:_TALKERS_SHOWN]
    whole = sum(talk.seconds for talk in talks) or 1.0
    longest = max(talk.seconds for talk in shown) or 1.0
    width = min(_NAME_CELLS, max(_cells(_label(talk)) for talk in shown))
    rows = []
    for talk in shown:
        bar = "█" * max(1, round(talk.seconds / longest * _BAR_CELLS))
        figures = f"{clock(talk.seconds)} {talk.seconds / whole:4.0%} {talk.words} words"
        rows.append(f"{_padded(_label(talk), width)} {bar:<{_BAR_CELLS}} {figures}")
    if len(talks) > len(shown):
        rows.append(f"... and {len(talks) - len(shown)} more")
    return "\n".join(["```", *rows, "```"])


def _label(talk: Talk) -> str:
    return plain(talk.name).replace("`", "'") or "Somebody"


def _cells(text: str) -> int:
    """How many columns a text takes in a fixed-width font."""
    return sum(_width(char) for char in text)


def _width(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _padded(text: str, cells: int) -> str:
    kept, used = "", 0
    for char in text:
        if used + _width(char) > cells:
            break
        kept, used = kept + char, used + _width(char)
    return kept + " " * (cells - used)


def _with_headings(lines: Iterable[str]) -> list[str]:
    """Each heading joined to the line after it."""
    blocks: list[str] = []
    for line in lines:
        if blocks and blocks[-1].rsplit("\n", 1)[-1].startswith("##"):
            blocks[-1] += f"\n{line}"
        else:
            blocks.append(line)
    return blocks


def _fitting(block: str, limit: int) -> list[str]:
    return [block] if length(block) <= limit else split(block, limit)
