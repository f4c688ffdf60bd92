"""Brings together what the stream said and what the Conversation API keeps. No I/O."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.meetings.entries import Line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wire.conversations import Message

SAME_TIME = 0.5
"""The share of the shorter of two sentences of one person that both cover when they are the same sentence, told differently."""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """`missing` were said and never arrived; `links` lead from message ids of the Conversation API to keys of lines."""

    missing: list[Line] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)


def reconcile(lines: Iterable[Line], messages: Iterable[Message], began: datetime) -> Reconciled:
    """Match each message with a line: by id, else same person and text and nearest start, else same person and time.

    Realtime and REST ids are not the same on every server. A message without a line becomes one, with its id as key.
    """
    result = Reconciled()
    free: dict[str, list[Line]] = defaultdict(list)
    by_key: dict[str, Line] = {}
    for line in lines:
        free[_person(line.user_id, line.name)].append(line)
        by_key[line.key] = line
    said = [line_of(message, began) for message in messages]
    rest: list[Line] = []
    for line in said:
        known = by_key.get(line.key)
        if known is None:
            rest.append(line)
        else:
            _take(result, free, line, known)
    for same in (_same_text, _same_time):
        unmatched: list[Line] = []
        for line in rest:
            held = [other for other in free[_person(line.user_id, line.name)] if same(line, other)]
            if held:
                _take(result, free, line, _nearest(line, held))
            else:
                unmatched.append(line)
        rest = unmatched
    for line in rest:
        result.missing.append(line)
        result.links[line.key] = line.key
    return result


def line_of(message: Message, began: datetime) -> Line:
    """A message of the Conversation API as a line; a time that cannot be read counts as the beginning."""
    person = message.from_
    end = _seconds(message.end_time, began)
    start = _seconds(message.start_time, began)
    return Line(
        key=message.id,
        user_id=discord_id(person.user_id or person.email),
        name=person.name or "Somebody",
        start=min(start, end) if end else start,
        end=max(start, end),
        text=message.text.strip(),
    )


def discord_id(user_id: str | None) -> int | None:
    """Discord's id, which is what streams are opened with; None for anything else."""
    return int(user_id) if user_id and user_id.isdecimal() else None


def _take(result: Reconciled, free: dict[str, list[Line]], message: Line, line: Line) -> None:
    result.links[message.key] = line.key
    held = free[_person(line.user_id, line.name)]
    if line in held:
        held.remove(line)


def _person(user_id: int | None, name: str) -> str:
    return name if user_id is None else str(user_id)


def _nearest(line: Line, held: list[Line]) -> Line:
    return min(held, key=lambda other: abs(other.start - line.start))


def _same_text(one: Line, other: Line) -> bool:
    return one.text.casefold().split() == other.text.casefold().split()


def _same_time(one: Line, other: Line) -> bool:
    shared = min(one.end, other.end) - max(one.start, other.start)
    shorter = min(one.end - one.start, other.end - other.start)
    return shared > 0 and shared >= SAME_TIME * shorter


def _seconds(time: str, began: datetime) -> float:
    try:
        moment = datetime.fromisoformat(time)
    except ValueError:
        return 0.0
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - began).total_seconds())
