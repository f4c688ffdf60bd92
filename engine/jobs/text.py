"""A job of text: messages that were written or said elsewhere."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from engine.conversations.catalogue import epoch
from engine.errors import BadRequest
from engine.recognition.types import Final as Utterance

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from engine.jobs.desk import Desk
    from wire.jobs import TextMessage

MAX_TEXT: Final = 50_000
"""Characters of one message."""
AT_ONCE: Final = 32
"""Messages that are kept in one transaction; an interrupted job is run again from its beginning, so none is lost."""
MAX_SPAN: Final = 366 * 86_400.0
"""Seconds between the first and the last message."""


def begin_of(messages: Iterable[TextMessage], now: float) -> float:
    """When the first message began: the earliest time that is given, else now. Raises `BadRequest`."""
    messages = list(messages)
    for message in messages:
        if len(message.payload.content) > MAX_TEXT:
            raise BadRequest(f'"messages": the content of one holds at most {MAX_TEXT} characters.')
    times = [time for message in messages for time in _times(message) if time is not None]
    if times and not 0 <= min(times) <= max(times) <= min(times) + MAX_SPAN:
        raise BadRequest('"messages": times lie after 1970, and within a year of each other.')
    return min(times, default=now)


def zone_of(messages: Iterable[TextMessage]) -> float:
    """The zone that dates are reckoned in, in minutes behind UTC: that of the first time given; UTC where it has none."""
    for message in messages:
        if message.duration is not None and message.duration.start_time is not None:
            offset = message.duration.start_time.utcoffset()
            return -offset.total_seconds() / 60 if offset is not None else 0.0
    return 0.0


def _times(message: TextMessage) -> tuple[float | None, float | None]:
    span = message.duration
    if span is None:
        return None, None
    return _seconds(span.start_time), _seconds(span.end_time)


def _seconds(moment: datetime | None) -> float | None:
    try:
        return None if moment is None else epoch(moment)
    except (OverflowError, ValueError) as error:
        raise BadRequest('"messages": a time is out of range.') from error


def utterances(messages: Iterable[TextMessage], base: float) -> Iterator[tuple[TextMessage, Utterance]]:
    """Each message with its place, in seconds since `base`; one without times stands where the one before it ended."""
    place = 0.0
    for message in messages:
        start, end = _times(message)
        begun = place if start is None else start - base
        place = max(begun, begun if end is None else end - base)
        yield message, Utterance(begun, place, " ".join(message.payload.content.split()), 1.0)


async def work(desk: Desk, messages: Iterable[TextMessage], base: float) -> float:
    """Take in every message; where the last one ends, in seconds since `base`."""
    last = 0.0
    coming = utterances(messages, base)
    while some := list(islice(coming, AT_ONCE)):
        async with desk.together():
            for message, said in some:
                if said.text:
                    await desk.keep(await desk.member(message.from_), said)
                last = max(last, said.end)
    return last
