"""Changes that clients make to what is kept: labels, people, who said what, the summary, key phrases."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from sqlalchemy import select, update

from engine.conversations.models import ConversationRow, InsightRow, MemberRow, MessageRow, SummaryRow
from engine.conversations.renaming import renamed
from engine.conversations.speakers import attribute, spells
from engine.conversations.store import forget_summary, new_id, new_uuid
from engine.errors import BadRequest, NotFound
from engine.streaming.participant import identity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pydantic import JsonValue
    from sqlalchemy.ext.asyncio import AsyncSession

    from engine.conversations.store import Store
    from wire.base import Person
    from wire.conversations import MemberUpdate, SpeakerEvent

MAX_METADATA = 65_536
"""Characters of JSON."""
MAX_PEOPLE = 500
_MOMENT = 0.001
"""A message without a length is taken to last this long, in seconds."""


async def set_metadata(store: Store, conversation_id: str, metadata: Mapping[str, JsonValue]) -> None:
    """Keep the client's labels in place of those before. Raises `BadRequest`."""
    if len(json.dumps(metadata)) > MAX_METADATA:
        raise BadRequest(f'"metadata" holds at most {MAX_METADATA} characters of JSON.')
    async with store.writing() as session:
        statement = update(ConversationRow).where(ConversationRow.id == conversation_id)
        await session.execute(statement.values(details=dict(metadata)))


async def set_member(store: Store, conversation_id: str, member_id: str, change: MemberUpdate) -> None:
    """Give a member another name, and another address if there is one. Raises `NotFound`, `BadRequest`."""
    if change.id not in {None, member_id}:
        raise BadRequest('"id" is not the member of the address.')
    values = {"name": change.name} | ({} if change.email is None else {"user_id": change.email})
    async with store.writing() as session:
        where = MemberRow.id == member_id, MemberRow.conversation_id == conversation_id
        changed = await session.execute(update(MemberRow).where(*where).values(**values).returning(MemberRow.id))
        if changed.scalar_one_or_none() is None:
            raise NotFound("The member id is either invalid or does not exist in this conversation.")
        await forget_summary(session, conversation_id)


async def set_speakers(store: Store, conversation: ConversationRow, events: Sequence[SpeakerEvent]) -> None:
    """Give every message to whoever spoke longest during it, and its insights with it. Raises `BadRequest`."""
    people: dict[str, Person] = {}
    known: list[tuple[str, SpeakerEvent]] = []
    for event in events:
        user = event.user
        if not (user.id or user.user_id or user.email or user.name):
            raise BadRequest('Each "user" of the speaker events needs an id, a name or an email.')
        key = identity(user) if user.user_id or user.email else f"name {user.name}" if user.name else f"id {user.id}"
        people.setdefault(key, user)
        known.append((key, event))
    if len(people) > MAX_PEOPLE:
        raise BadRequest(f"Speaker events name at most {MAX_PEOPLE} people.")
    async with store.writing() as session:
        times = select(MessageRow.id, MessageRow.start_time, MessageRow.end_time).where(
            MessageRow.conversation_id == conversation.id
        )
        said = (await session.execute(times.order_by(MessageRow.start_time))).all()
        origin = conversation.start_time
        messages = [(row.id, row.start_time - origin, max(row.end_time, row.start_time + _MOMENT) - origin) for row in said]
        chosen = await asyncio.to_thread(lambda: attribute(messages, spells(known)))
        members = await _members(session, conversation.id, people, set(chosen.values()))
        for message_id, who in chosen.items():
            await session.execute(update(MessageRow).where(MessageRow.id == message_id).values(member_id=members[who].id))
        await _follow(session, conversation.id)
        await forget_summary(session, conversation.id)


async def _members(
    session: AsyncSession, conversation_id: str, people: Mapping[str, Person], needed: Iterable[str]
) -> dict[str, MemberRow]:
    """The member of each person, old or new; an old one may be named by its id."""
    rows = list(await session.scalars(select(MemberRow).where(MemberRow.conversation_id == conversation_id)))
    by_identity, by_id = {row.identity: row for row in rows}, {row.id: row for row in rows}
    found: dict[str, MemberRow] = {}
    for key in sorted(needed):
        user = people[key]
        row = by_id.get(user.id or "") or by_identity.get(key)
        if row is None:
            row = MemberRow(
                id=new_uuid(),
                conversation_id=conversation_id,
                identity=key,
                position=len(rows),
                name=user.name,
                user_id=user.user_id or user.email,
            )
            session.add(row)
            rows.append(row)
        found[key] = row
    await session.flush()
    return found


async def _follow(session: AsyncSession, conversation_id: str) -> None:
    """Let insights be said by whoever now says their first message."""
    statement = (select(MessageRow.realtime_id, MemberRow).join(MemberRow, MessageRow.member_id == MemberRow.id)).where(
        MessageRow.conversation_id == conversation_id
    )
    speakers: dict[str, MemberRow] = dict((await session.execute(statement)).all())
    for insight in await session.scalars(select(InsightRow).where(InsightRow.conversation_id == conversation_id)):
        member = speakers.get(insight.message_ids[0]) if insight.message_ids else None
        if member is None or member.id == insight.speaker["id"]:
            continue
        before = insight.speaker
        now = {"id": member.id, "name": member.name or before["name"], "userId": member.user_id or ""}
        insight.text = renamed(insight.text, {before["name"]: now["name"]})
        if insight.assignee and insight.assignee["id"] == before["id"]:
            insight.assignee = now
        insight.speaker = now
        insight.due_offset = insight.text.find(insight.due_phrase) if insight.due_phrase else -1


async def set_summary(
    store: Store, conversation_id: str, items: Sequence[tuple[str, str, Sequence[str]]], covered: int, *, written_by: str = ""
) -> None:
    """Keep a summary, `(section, text, message ids)`, in place of the one before; its own sentences are in no section.

    `written_by` is the language model that wrote it, empty where it is quoted.
    """
    async with store.writing() as session:
        await forget_summary(session, conversation_id)
        session.add_all(
            SummaryRow(
                id=new_id(),
                conversation_id=conversation_id,
                position=position,
                section=section,
                text=text,
                message_ids=list(message_ids),
                covered=covered,
                written_by=written_by,
            )
            for position, (section, text, message_ids) in enumerate(items)
        )


async def set_phrases(store: Store, conversation_id: str, phrases: Mapping[str, Sequence[tuple[str, str]]]) -> None:
    """Keep key phrases, `(type, text)` by the realtime id of their message."""
    async with store.writing() as session:
        for realtime_id, found in phrases.items():
            where = MessageRow.realtime_id == realtime_id, MessageRow.conversation_id == conversation_id
            kept = [{"type": kind, "text": text} for kind, text in found]
            await session.execute(update(MessageRow).where(*where).values(phrases=kept))
