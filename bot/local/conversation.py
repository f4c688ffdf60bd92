"""`minutes conversation`: what the Conversation API has about a conversation, as tables or as the API's own JSON."""

from __future__ import annotations

import json
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from bot.errors import EngineRefused, RefusedError
from bot.local.engine import open_engine
from bot.local.parts import Part
from bot.local.report import table
from bot.publish.markup import clock
from wire.conversations import ActionItems, FollowUps, Messages, Questions, Topics
from wire.reports import Analytics, Summary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rich.console import Console, RenderableType

    from bot.engine_client import EngineClient
    from bot.settings import Settings
    from wire.base import Shape
    from wire.conversations import ActionItem


async def show(
    settings: Settings, conversation_id: str, part: Part, *, raw: bool, shown: Console, say: Callable[[str], None]
) -> None:
    """Fetch it and print it; `raw` gives the JSON of the API. Raises `MinutesError`."""
    async with open_engine(settings, say=say) as engine:
        try:
            found = await fetch(engine.client, conversation_id, part)
        except EngineRefused as error:
            if error.status == HTTPStatus.NOT_FOUND:
                raise RefusedError(f"The engine has no {part} of a conversation {conversation_id}: look at the id.") from error
            raise
    if raw:
        shown.file.write(json.dumps(found.as_json(), ensure_ascii=False, indent=2) + "\n")
        return
    for one in tables(found):
        shown.print(one)


async def fetch(client: EngineClient, conversation_id: str, part: Part) -> Shape:
    """The whole answer of the API. Raises `EngineError`."""
    match part:
        case Part.MESSAGES:
            return Messages(messages=await client.messages(conversation_id))
        case Part.TOPICS:
            return Topics(topics=await client.topics(conversation_id))
        case Part.ACTION_ITEMS:
            return ActionItems(action_items=await client.action_items(conversation_id))
        case Part.FOLLOW_UPS:
            return FollowUps(follow_ups=await client.follow_ups(conversation_id))
        case Part.QUESTIONS:
            return Questions(questions=await client.questions(conversation_id))
        case Part.SUMMARY:
            return await client.summary(conversation_id)
        case Part.ANALYTICS:
            return await client.analytics(conversation_id)


def tables(found: Shape) -> Iterator[RenderableType]:
    """The same for a terminal."""
    match found:
        case Messages(messages=messages):
            rows = [(clock(one.time_offset or 0.0), one.from_.name or "", one.text) for one in messages]
            yield table("Messages", ("time", "speaker", "text"), rows)
        case Topics(topics=topics):
            yield table(
                "Topics",
                ("topic", "score", "messages"),
                [(one.text, f"{one.score:.2f}", str(len(one.message_ids))) for one in topics],
            )
        case ActionItems(action_items=items):
            yield _items("Action items", items)
        case FollowUps(follow_ups=items):
            yield _items("Follow-ups", items)
        case Questions(questions=questions):
            yield table("Questions", ("asked by", "question"), [(one.from_.name or "", one.text) for one in questions])
        case Summary(summary=sentences):
            yield table("Summary", ("sentence",), [(one.text,) for one in sentences])
        case Analytics():
            yield from _analytics(found)
        case _:
            raise TypeError(type(found).__name__)


def _items(title: str, items: Sequence[ActionItem]) -> RenderableType:
    rows = [(item.assignee.name or item.from_.name or "", item.text, _day(item.due_by)) for item in items]
    return table(title, ("who", "what", "due"), rows)


def _analytics(found: Analytics) -> Iterator[RenderableType]:
    names = {"total_silence": "silence", "total_talk_time": "talk", "total_overlap": "at the same time"}
    rows = [(names[one.type], clock(one.seconds), f"{one.percent:.0f} %") for one in found.metrics]
    yield table("The whole conversation", ("", "time", "share"), rows)
    members = [
        (
            one.name or "",
            clock(one.talk_time.seconds),
            f"{one.talk_time.percentage:.0f} %",
            clock(one.listen_time.seconds),
            f"{one.pace.wpm}",
            clock(one.overlap.overlap_duration or 0.0),
        )
        for one in found.members
    ]
    yield table("Who spoke", ("speaker", "spoke", "share", "listened", "words a minute", "at the same time"), members)


def _day(iso: str | None) -> str:
    if iso is None:
        return ""
    try:
        return f"{datetime.fromisoformat(iso):%a %d %b %Y}"
    except ValueError:
        return iso
