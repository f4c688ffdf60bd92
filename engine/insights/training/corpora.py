"""Reads the corpora that the data files are made from: AMI and ICSI as JSON lines, and our own sentences."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypedDict, cast

UTTERANCES = Path(__file__).with_name("utterances.txt")
TURN_GAP = 1.0
TURN_WORDS = 45
_INDEXED: Final[tuple[Literal["questions", "rhetorical", "unlabelled", "ai_strict", "ai_maybe"], ...]] = (
    "questions",
    "rhetorical",
    "unlabelled",
    "ai_strict",
    "ai_maybe",
)


class RawMessage(TypedDict):
    """One dialogue act."""

    speaker: str
    text: str
    start: float | None
    end: float | None


class RawGold(TypedDict, total=False):
    """The labels of a meeting, as indices of its messages."""

    questions: list[int]
    rhetorical: list[int]
    unlabelled: list[int]
    ai_strict: list[int]
    ai_maybe: list[int]
    commits: list[int]
    directives: list[int]
    suggestions: list[int]


class RawMeeting(TypedDict):
    """One meeting of a corpus."""

    meeting_id: str
    messages: list[RawMessage]
    gold: RawGold


@dataclass(frozen=True, slots=True)
class OwnSentence:
    """A sentence of `utterances.txt` and whether it is something to do."""

    text: str
    action: bool
    follow_up: bool


def meetings(path: Path) -> list[RawMeeting]:
    """The meetings of one file."""
    return [cast("RawMeeting", json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def judged(folder: Path) -> list[RawMeeting]:
    """The ICSI meetings whose action items were judged, by a pool or by full reading."""
    found = {meeting["meeting_id"]: meeting for meeting in meetings(folder / "icsi.jsonl")}
    for path in sorted(folder.glob("ai_strict_more_*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            more = json.loads(line)
            gold = found[more["meeting_id"]]["gold"]
            gold["ai_strict"], gold["ai_maybe"] = more["ai_strict"], more["ai_maybe"]
    return [meeting for meeting in found.values() if "ai_strict" in meeting["gold"]]


def bare(text: str) -> str:
    """A text as a recogniser without punctuation gives it: lower case, no marks, no broken-off words."""
    without_tries = re.sub(r"\b\w+-(?=\s|$)", " ", text)
    spelled = re.sub(r"(?<=[A-Za-z])_(?=[A-Za-z]?_?)", "", without_tries).replace("_", "")
    return " ".join(re.sub(r"[^\w\s']", " ", spelled.lower()).split())


def turns(meeting: RawMeeting) -> RawMeeting:
    """A meeting with neighbouring acts of one speaker joined: at most `TURN_GAP` seconds apart, at most `TURN_WORDS` words."""
    messages: list[RawMessage] = []
    place: dict[int, int] = {}
    open_turn: dict[str, int] = {}
    for index, message in enumerate(meeting["messages"]):
        at = open_turn.get(message["speaker"])
        if at is not None and _joins(messages[at], message, adjacent=at == len(messages) - 1):
            turn = messages[at]
            turn["text"] += " " + message["text"]
            turn["end"] = message["end"] if message["end"] is not None else turn["end"]
            place[index] = at
            continue
        messages.append(message.copy())
        open_turn[message["speaker"]] = place[index] = len(messages) - 1
    gold = cast(
        "RawGold", {key: sorted({place[at] for at in meeting["gold"].get(key, [])}) for key in _INDEXED if key in meeting["gold"]}
    )
    return {"meeting_id": meeting["meeting_id"], "messages": messages, "gold": gold}


def _joins(turn: RawMessage, message: RawMessage, *, adjacent: bool) -> bool:
    near = message["start"] is None or turn["end"] is None or message["start"] - turn["end"] <= TURN_GAP
    short = len(turn["text"].split()) + len(message["text"].split()) <= TURN_WORDS
    return near and short and (adjacent or message["start"] is not None)


def own() -> list[OwnSentence]:
    """Our own sentences."""
    found = []
    for line in UTTERANCES.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            label, text = line.split(" | ", 1)
            found.append(OwnSentence(text, label in {"A", "F"}, label == "F"))
    return found
