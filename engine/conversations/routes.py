"""The Conversation API: conversations and the people in them. Answers while a stream runs as well as afterwards."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - FastAPI reads the annotation
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path, Query
from starlette.responses import Response  # noqa: TC002 - FastAPI reads the annotation

from engine.conversations import editing, reading, shapes
from engine.conversations.access import NOT_FOUND, REFUSALS, Application, Kept, Known, ShapeResponse
from engine.conversations.catalogue import epoch, listing
from engine.conversations.rsql import parse
from engine.errors import BadRequest
from wire.conversations import (
    CONVERSATIONS_PATH,
    Conversation,
    Conversations,
    Done,
    Members,
    MemberUpdate,
    MetadataUpdate,
    MetadataUpdated,
    SpeakerEvents,
)

_WEEK: Final = 7 * 86_400.0
_REFLECTED: Final = "The update should be reflected in all messages and insights along with this conversation"

list_router = APIRouter(prefix=CONVERSATIONS_PATH, tags=["Conversations"], responses=REFUSALS)
router = APIRouter(
    prefix=f"{CONVERSATIONS_PATH}/{{conversation_id}}", tags=["Conversations"], responses={**REFUSALS, **NOT_FOUND}
)


@list_router.get("", response_model=Conversations, response_model_exclude_none=True, summary="List conversations")
async def list_conversations(
    archive: Kept,
    app_id: Application,
    limit: Annotated[int, Query(ge=0, le=65_536, description="How many at most.")] = 20,
    offset: Annotated[int, Query(ge=0, le=2**31, description="How many to skip.")] = 0,
    order: Literal["asc", "desc"] = "asc",
    sort: Annotated[
        str, Query(max_length=256, description="`startTime`, `endTime`, `name` or `id`; several with commas.")
    ] = "conversation.startTime",
    start_time: Annotated[
        datetime | None,
        Query(alias="startTime", description="Began at this time or later; default: 7 days before `endTime`, any with a filter."),
    ] = None,
    end_time: Annotated[
        datetime | None, Query(alias="endTime", description="Began at this time or earlier; default: now, any with a filter.")
    ] = None,
    rsql: Annotated[
        str | None,
        Query(
            alias="filter",
            description="RSQL without OR, two different parameters at most: `id`, `name`, `type`, `startTime`, `endTime`, "
            "`metadata.<key>`; `==` and `!=` take `*` for any text.",
            examples=["conversation.metadata.agentId==johndoe;conversation.name==Weekly*"],
        ),
    ] = None,
) -> Response:
    """Conversations of the application, of the last 7 days unless asked otherwise."""
    comparisons = parse(rsql) if rsql is not None and rsql.strip() else []
    until = epoch(end_time) if end_time else None if comparisons else archive.clock.time()
    since = epoch(start_time) if start_time else None if comparisons or until is None else until - _WEEK
    seen = archive.tokens.sees(app_id)
    statement = listing(seen, comparisons, since, until, sort, descending=order == "desc", limit=limit, offset=offset)
    rows = await reading.conversations(archive.store, statement)
    members = await archive.store.members([row.id for row in rows])
    return ShapeResponse(Conversations(conversations=[shapes.conversation(row, members[row.id]) for row in rows]))


@router.get(
    "",
    response_model=Conversation,
    response_model_exclude_none=True,
    summary="One conversation",
)
async def get_conversation(archive: Kept, known: Known) -> Response:
    """Its name, times, people and labels; without an end time while it goes on; `reading` where a language model reads it then."""
    members = await archive.store.members([known.id])
    shape = shapes.conversation(known, members[known.id])
    shape.reading = shapes.reading(await reading.reading(archive.store, known.id))
    return ShapeResponse(shape)


@router.put("", response_model=MetadataUpdated, summary="Label a conversation")
async def put_conversation(archive: Kept, known: Known, change: MetadataUpdate) -> Response:
    """Keep labels of your own, in place of those before; `filter` finds conversations by them."""
    await editing.set_metadata(archive.store, known.id, change.metadata)
    return ShapeResponse(MetadataUpdated(id=known.id, metadata=change.metadata))


@router.delete("", response_model=Done, summary="Delete a conversation")
async def delete_conversation(archive: Kept, known: Known) -> Response:
    """Delete a conversation with all that belongs to it; streams and jobs that still feed it are ended."""
    await archive.discard(known.id)
    await archive.store.delete(known.id)
    return ShapeResponse(Done(message="successfully deleted the conversation"))


@router.get("/members", response_model=Members, response_model_exclude_none=True, summary="Members")
async def get_members(archive: Kept, known: Known) -> Response:
    """Who takes part; `email` is what the client calls them."""
    members = await archive.store.members([known.id])
    return ShapeResponse(Members(members=[shapes.member(member) for member in members[known.id]]))


@router.put("/members/{member_id}", response_model=Done, summary="Rename a member")
async def put_member(
    archive: Kept, known: Known, member_id: Annotated[str, Path(max_length=64)], change: MemberUpdate
) -> Response:
    """Give a member another name, and another `email` if there is one. It shows in messages and insights at once."""
    await editing.set_member(archive.store, known.id, member_id, change)
    return ShapeResponse(
        Done(message=f"Member with id: {member_id} for conversationId: {known.id} updated successfully! {_REFLECTED}")
    )


@router.put("/speakers", response_model=Done, summary="Say who spoke when")
async def put_speakers(archive: Kept, known: Known, told: SpeakerEvents) -> Response:
    """Give every message to whoever spoke longest during it. For conversations that are over, and whose jobs are done."""
    if known.end_time is None or await reading.unfinished_jobs(archive.store, known.id):
        raise BadRequest("The conversation is still going on: send speaker events once it is complete.")
    await editing.set_speakers(archive.store, known, told.speaker_events)
    return ShapeResponse(Done(message=f"Speaker events associated for conversationId: {known.id} successfully! {_REFLECTED}"))
