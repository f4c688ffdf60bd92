"""Brings together what the stream said and what the Conversation API keeps. No I/O."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.meetings.entries import Line

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence

    from wire.conversations import Message

NEAR = 120.0
"""Seconds: the same sentence is not told further apart, even when the engine was away and the sound was held."""
SAME_TIME = 0.5
"""The share of the shorter of two sentences of one person that both cover when they are the same sentence, told differently."""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """`missing` were said and never arrived; `links` lead from message ids of the Conversation API to keys of lines."""

    missing: list[Line] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)


def reconcile(lines: Iterable[Line], messages: Sequence[Message], began: datetime) -> Reconciled:
    """Match each message with a line: by id, else same person and text and nearest start, else same person and time.

    Realtime and REST ids are not the same on every server. A message without a line becomes one, with its id as key.
    """
    result = Reconciled()
    held = sorted(lines, key=lambda line: line.start)
    by_key = {line.key: line for line in held}
    rest: list[Line] = []
    for message in messages:
        line = line_of(message, began)
        if line.key in by_key:
            result.links[line.key] = line.key
        else:
            rest.append(line)
    rest = _match(result, rest, held, lambda line: (_person(line), tuple(line.text.casefold().split())), _any_time)
    rest = _match(result, rest, held, _person, _same_time)
    texts = {message.id: message.text.strip() for message in messages}
    for line in rest:
        result.missing.append(line.model_copy(update={"text": texts[line.key]}))
        result.links[line.key] = line.key
    return result


def _match(
    result: Reconciled,
    said: list[Line],
    held: list[Line],
    likeness: Callable[[Line], Hashable],
    same: Callable[[Line, Line], bool],
) -> list[Line]:
    """Give each sentence the nearest free line that is alike; returns the sentences without one."""
    taken = set(result.links.values())
    groups: dict[Hashable, list[Line]] = defaultdict(list)
    for line in held:
        if line.key not in taken:
            groups[likeness(line)].append(line)
    rest: list[Line] = []
    for sentence in said:
        group = groups[likeness(sentence)]
        first = bisect_left(group, sentence.start - NEAR, key=_start)
        last = bisect_right(group, sentence.start + NEAR, key=_start)
        found = [line for line in group[first:last] if same(sentence, line)]
        if found:
            nearest = min(found, key=lambda line: abs(line.start - sentence.start))
            group.remove(nearest)
            result.links[sentence.key] = nearest.key
        else:
            rest.append(sentence)
    return rest


def line_of(message: Message, began: datetime) -> Line:
    """A message of the Conversation API as the line that the stream told; a time that cannot be read counts as the beginning."""
    person = message.from_
    end = _seconds(message.end_time, began)
    start = _seconds(message.start_time, began)
    return Line(
        key=message.id,
        user_id=discord_id(person.user_id or person.email),
        name=person.name or "Somebody",
        start=min(start, end) if end else start,
        end=max(start, end),
        text=(message.corrected_from or message.text).strip(),
    )


def discord_id(user_id: str | None) -> int | None:
    """Discord's id, which is what streams are opened with; None for anything else."""
    return int(user_id) if user_id and user_id.isdecimal() else None


def _start(line: Line) -> float:
    return line.start


def _person(line: Line) -> str:
    return line.name if line.user_id is None else str(line.user_id)


def _any_time(_one: Line, _other: Line) -> bool:
    return True


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
