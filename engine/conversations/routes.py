"""The Conversation API; answers while a stream runs as well as afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Final, Literal

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request  # noqa: TC002 - FastAPI reads the annotation
from starlette.responses import Response

from engine.conversations import shapes
from engine.conversations.models import ConversationRow  # noqa: TC001 - FastAPI reads the annotation
from engine.errors import BadRequest
from wire.conversations import CONVERSATIONS_PATH, ActionItems, Conversations, FollowUps, Members, Messages, Questions, Topics
from wire.tokens import Refusal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from engine.auth import Tokens
    from engine.clock import Clock
    from engine.conversations.store import Store
    from wire.base import Shape

_SORTS: Final = {"startTime": "start_time", "endTime": "end_time", "name": "name"}
_WEEK: Final = timedelta(days=7)
_END_OF_TIME: Final = datetime(9999, 1, 1, tzinfo=UTC)


class ShapeResponse(Response):
    """A shape of the wire as JSON, absent members left out."""

    media_type = "application/json"

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape.wire())


@dataclass(frozen=True, slots=True)
class Archive:
    """What the routes work with; stands in `app.state.archive`."""

    store: Store
    tokens: Tokens
    clock: Clock
    discard: Callable[[str], Awaitable[None]]
    """Ends the streams of a conversation that is about to be deleted."""


def _archive(request: Request) -> Archive:
    archive: Archive = request.app.state.archive
    return archive


Kept = Annotated[Archive, Depends(_archive)]


def _application(request: Request, archive: Kept) -> str:
    return archive.tokens.of_request(request)


Application = Annotated[str, Depends(_application)]


async def _known(conversation_id: str, archive: Kept, app_id: Application) -> ConversationRow:
    return await archive.store.conversation(app_id, conversation_id)


router = APIRouter(prefix=CONVERSATIONS_PATH)


@router.get("")
async def list_conversations(
    archive: Kept,
    app_id: Application,
    limit: Annotated[int, Query(ge=0, le=65_536)] = 20,
    offset: Annotated[int, Query(ge=0, le=2**31)] = 0,
    order: Literal["asc", "desc"] = "asc",
    sort: str = "conversation.startTime",
    start_time: Annotated[datetime | None, Query(alias="startTime")] = None,
    end_time: Annotated[datetime | None, Query(alias="endTime")] = None,
    rsql: Annotated[str | None, Query(alias="filter")] = None,
) -> Response:
    """Conversations of the application, of the last 7 days unless asked otherwise."""
    column = _SORTS.get(sort.removeprefix("conversation."))
    if column is None:
        raise BadRequest(f'"sort" must be one of {", ".join(_SORTS)}.')
    if rsql is not None:
        raise BadRequest('"filter" is not understood here: use startTime and endTime.')
    rows = await archive.store.conversations(
        app_id,
        since=_epoch(start_time or datetime.fromtimestamp(archive.clock.time(), UTC) - _WEEK),
        until=_epoch(end_time or _END_OF_TIME),
        sort=column,
        descending=order == "desc",
        limit=limit,
        offset=offset,
    )
    members = await archive.store.members([row.id for row in rows])
    return ShapeResponse(Conversations(conversations=[shapes.conversation(row, members[row.id]) for row in rows]))


def _epoch(moment: datetime) -> float:
    """Times without a zone are UTC."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


@router.get("/{conversation_id}")
async def get_conversation(archive: Kept, known: Annotated[ConversationRow, Depends(_known)]) -> Response:
    """One conversation."""
    members = await archive.store.members([known.id])
    return ShapeResponse(shapes.conversation(known, members[known.id]))


@router.delete("/{conversation_id}")
async def delete_conversation(archive: Kept, app_id: Application, known: Annotated[ConversationRow, Depends(_known)]) -> Response:
    """Delete a conversation with all that belongs to it; streams that still feed it are closed."""
    await archive.discard(known.id)
    await archive.store.delete(app_id, known.id)
    return ShapeResponse(Refusal(message="successfully deleted the conversation"))


@router.get("/{conversation_id}/messages")
async def get_messages(archive: Kept, known: Annotated[ConversationRow, Depends(_known)], *, verbose: bool = False) -> Response:
    """What was said; with `verbose` word by word."""
    rows = await archive.store.messages(known.id)
    members = {member.id: member for member in (await archive.store.members([known.id]))[known.id]}
    return ShapeResponse(Messages(messages=shapes.messages(rows, members, verbose=verbose)))


@router.get("/{conversation_id}/members")
async def get_members(archive: Kept, known: Annotated[ConversationRow, Depends(_known)]) -> Response:
    """Who takes part."""
    members = await archive.store.members([known.id])
    return ShapeResponse(Members(members=[shapes.member(member) for member in members[known.id]]))


@router.get("/{conversation_id}/topics")
async def get_topics(
    archive: Kept,
    known: Annotated[ConversationRow, Depends(_known)],
    *,
    parent_refs: Annotated[bool, Query(alias="parentRefs")] = False,
) -> Response:
    """What was talked about, best first."""
    rows, ids = await archive.store.topics(known.id), await archive.store.message_ids(known.id)
    return ShapeResponse(Topics(topics=[shapes.topic(row, ids, parent_refs=parent_refs) for row in rows]))


@router.get("/{conversation_id}/questions")
async def get_questions(archive: Kept, known: Annotated[ConversationRow, Depends(_known)]) -> Response:
    """What was asked."""
    rows, ids = await archive.store.insights(known.id, "question"), await archive.store.message_ids(known.id)
    return ShapeResponse(Questions(questions=[shapes.question(row, ids) for row in rows]))


@router.get("/{conversation_id}/action-items")
async def get_action_items(archive: Kept, known: Annotated[ConversationRow, Depends(_known)]) -> Response:
    """What is to be done."""
    rows, ids = await archive.store.insights(known.id, "action_item"), await archive.store.message_ids(known.id)
    return ShapeResponse(ActionItems(action_items=[shapes.action(row, ids) for row in rows]))


@router.get("/{conversation_id}/follow-ups")
async def get_follow_ups(archive: Kept, known: Annotated[ConversationRow, Depends(_known)]) -> Response:
    """Whom to get in touch with."""
    rows, ids = await archive.store.insights(known.id, "follow_up"), await archive.store.message_ids(known.id)
    return ShapeResponse(FollowUps(follow_ups=[shapes.action(row, ids) for row in rows]))
