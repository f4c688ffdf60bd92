"""A conversation as a file: plain text, Markdown, SubRip (srt), WebVTT (vtt) or JSON. Pure."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.publish.markup import bold_name, escape, plain
from bot.publish.markup import clock as brief

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bot.local.talk import Said
    from wire.conversations import ActionItem, Question, Topic

CUE_CHARACTERS = 84
"""The most text on screen at once: two lines of 42, as subtitles are set."""


class Format(StrEnum):
    """What a transcript can be written as; the names are the files' suffixes."""

    TXT = "txt"
    MD = "md"
    SRT = "srt"
    VTT = "vtt"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the engine made of a conversation."""

    conversation_id: str
    topics: tuple[Topic, ...] = ()
    action_items: tuple[ActionItem, ...] = ()
    follow_ups: tuple[ActionItem, ...] = ()
    questions: tuple[Question, ...] = ()


@dataclass(frozen=True, slots=True)
class Transcript:
    """All that was said, in order, and what came of it. `seconds`: how long the recording is."""

    title: str
    seconds: float
    said: tuple[Said, ...]
    outcome: Outcome

    @property
    def names(self) -> list[str]:
        """Who spoke, in the order of their first words."""
        return list(dict.fromkeys(line.name for line in self.said))


def render(transcript: Transcript, form: Format) -> str:
    """The text of the file."""
    writers: dict[Format, Callable[[Transcript], str]] = {
        Format.TXT: _text,
        Format.MD: _markdown,
        Format.SRT: _subrip,
        Format.VTT: _webvtt,
        Format.JSON: _json,
    }
    return writers[form](transcript)


def line_text(said: Said) -> str:
    """`[0:01:02] Ana: Good morning.`, on one line and without control characters."""
    return f"[{brief(said.start)}] {plain(said.name)}: {plain(said.text)}"


def item_text(item: ActionItem) -> str:
    """`Ana: Ana will send the draft. (due 2026-03-06)`."""
    owner = item.assignee.name or item.from_.name
    text = f"{plain(owner)}: {plain(item.text)}" if owner else plain(item.text)
    return f"{text} (due {item.due_by[:10]})" if item.due_by else text


def question_text(question: Question) -> str:
    """`Bob: Who takes the minutes?`."""
    return f"{plain(question.from_.name)}: {plain(question.text)}" if question.from_.name else plain(question.text)


def _text(transcript: Transcript) -> str:
    return "".join(f"{line_text(line)}\n" for line in transcript.said)


def _markdown(transcript: Transcript) -> str:
    outcome = transcript.outcome
    parts = [f"# {escape(transcript.title)}", "", f"Conversation {outcome.conversation_id}, {brief(transcript.seconds)}", ""]
    for line in transcript.said:
        parts += [f"{bold_name(line.name)} ({brief(line.start)}): {escape(line.text)}", ""]
    sections = {
        "Topics": [topic.text for topic in outcome.topics],
        "Action items": [item_text(item) for item in outcome.action_items],
        "Follow-ups": [item_text(item) for item in outcome.follow_ups],
        "Questions": [question_text(question) for question in outcome.questions],
    }
    for heading, items in sections.items():
        parts += [f"## {heading}", "", *(f"- {escape(item)}" for item in items or ["none"]), ""]
    return "\n".join(parts)


def _subrip(transcript: Transcript) -> str:
    several = len(transcript.names) > 1
    cues = []
    for number, (start, end, name, text) in enumerate(_cues(transcript.said), start=1):
        shown = f"{name}: {text}" if several else text
        cues.append(f"{number}\n{_stamp(start, ',')} --> {_stamp(end, ',')}\n{shown}\n")
    return "\n".join(cues)


def _webvtt(transcript: Transcript) -> str:
    cues = ["WEBVTT\n"]
    for start, end, name, text in _cues(transcript.said):
        cues.append(f"{_stamp(start, '.')} --> {_stamp(end, '.')}\n<v {_harmless(name)}>{_harmless(text)}\n")
    return "\n".join(cues)


def _harmless(text: str) -> str:
    """No tag and no arrow of WebVTT comes to life in it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _cues(said: Sequence[Said]) -> Iterator[tuple[float, float, str, str]]:
    """Sentences cut to what fits on a screen; each piece has the share of the time that its letters have."""
    for line in said:
        pieces = _pieces(plain(line.text))
        letters = sum(map(len, pieces))
        start = line.start
        for piece in pieces:
            end = start + (line.end - line.start) * len(piece) / letters
            yield start, end, plain(line.name), piece
            start = end


def _pieces(text: str) -> list[str]:
    """Nearly equal pieces of whole words."""
    count = math.ceil(len(text) / CUE_CHARACTERS)
    if count <= 1:
        return [text] if text else []
    enough = len(text) / count
    pieces = [""]
    for word in text.split():
        longer = f"{pieces[-1]} {word}".strip()
        if pieces[-1] and (len(longer) > CUE_CHARACTERS or len(pieces[-1]) >= enough):
            pieces.append(word)
        else:
            pieces[-1] = longer
    return pieces


def _stamp(seconds: float, point: str) -> str:
    """`01:02:03,456`."""
    thousandths = round(seconds * 1000)
    minutes, rest = divmod(thousandths, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02}{point}{rest % 1000:03}"


def _json(transcript: Transcript) -> str:
    outcome = transcript.outcome
    found = {
        "conversationId": outcome.conversation_id,
        "title": transcript.title,
        "seconds": round(transcript.seconds, 3),
        "messages": [
            {"start": round(line.start, 3), "end": round(line.end, 3), "speaker": line.name, "text": line.text}
            for line in transcript.said
        ],
        "topics": [topic.as_json() for topic in outcome.topics],
        "actionItems": [item.as_json() for item in outcome.action_items],
        "followUps": [item.as_json() for item in outcome.follow_ups],
        "questions": [question.as_json() for question in outcome.questions],
    }
    return json.dumps(found, ensure_ascii=False, indent=2) + "\n"
