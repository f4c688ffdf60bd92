"""The Conversation API: what was said, and what was found in it."""

from __future__ import annotations

import asyncio
from statistics import fmean
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from engine.conversations import reading, shapes, speech
from engine.conversations.access import JSON, NOT_FOUND, REFUSALS, Archive, Kept, Known, ShapeResponse
from engine.conversations.vocabulary import read_vocabulary, vocabulary_topics
from engine.streaming.record import Record
from wire.conversations import CONVERSATIONS_PATH, ActionItems, FollowUps, Insights, Messages, Questions, Topics
from wire.detected import DetectedTracker, Entities

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from engine.conversations.lines import InsightLine
    from engine.conversations.models import ConversationRow
    from engine.conversations.reading import Said
    from engine.conversations.shapes import People
    from wire.conversations import ActionItem, Question, Topic

router = APIRouter(
    prefix=f"{CONVERSATIONS_PATH}/{{conversation_id}}", tags=["Messages and insights"], responses={**REFUSALS, **NOT_FOUND}
)

_Sentiment = Annotated[bool, Query(description="Add how it is meant: polarity from -1 to 1, and a word.")]


@router.get("/messages", response_model=Messages, response_model_exclude_none=True, summary="Messages")
async def get_messages(
    archive: Kept,
    known: Known,
    *,
    verbose: Annotated[bool, Query(description="Add each word with its times.")] = False,
    sentiment: _Sentiment = False,
) -> Response:
    """What was said, in order; offsets count from the first word."""
    said = await reading.said(archive.store, known.id, words=verbose)
    members = {member.id: member for member in (await archive.store.members([known.id]))[known.id]}

    def write() -> bytes:
        moods = shapes.moods(said) if sentiment else {}
        return speech.messages(known.id, said, members, known.first_word or 0.0, moods).encode()

    return Response(await asyncio.to_thread(write), media_type=JSON)


@router.get("/topics", response_model=Topics, response_model_exclude_none=True, summary="Topics")
async def get_topics(
    archive: Kept,
    known: Known,
    *,
    sentiment: _Sentiment = False,
    parent_refs: Annotated[
        bool, Query(alias="parentRefs", description="Add the wider topics; not together with sentiment.")
    ] = False,
    refresh: Annotated[bool, Query(description="Throw the topics of a finished conversation away and make new ones.")] = False,
    phrases: Annotated[
        list[str] | None,
        Query(
            alias="customTopicVocabulary", description="Phrases that are topics wherever they were said.", examples=[["pricing"]]
        ),
    ] = None,
    phrases_of_old: Annotated[list[str] | None, Query(alias="customVocabulary", deprecated=True)] = None,
) -> Response:
    """What was talked about, best first."""
    vocabulary = read_vocabulary([*(phrases or ()), *(phrases_of_old or ())])
    if refresh and known.end_time is not None and not await reading.unfinished_jobs(archive.store, known.id):
        await _find_again(archive, known)
    said = await reading.said(archive.store, known.id)
    ids = {one.realtime_id: one.id for one in said}
    rows = await archive.store.topics(known.id)
    topics = [shapes.topic(row, ids, parent_refs=parent_refs and not sentiment) for row in rows]
    named = {topic.text.lower() for topic in topics}
    wanted = [phrase for phrase in vocabulary if phrase.lower() not in named]
    topics += await asyncio.to_thread(vocabulary_topics, known.id, wanted, said)
    if sentiment:
        _add_moods(topics, said)
    return ShapeResponse(Topics(topics=topics))


def _add_moods(topics: Iterable[Topic], said: Iterable[Said]) -> None:
    """A topic is meant as the messages about it are, on average."""
    moods = shapes.moods(said)
    for topic in topics:
        scores = [moods[message_id] for message_id in topic.message_ids if message_id in moods]
        if scores:
            topic.sentiment = shapes.sentiment(fmean(scores))


async def _find_again(archive: Archive, known: ConversationRow) -> None:
    """Go over everything that was said once more, with the people as they are called now."""
    record = Record(archive.store, archive.insights, known)
    record.restore((await archive.store.members([known.id]))[known.id], resume_until=0.0)
    await record.settle()


@router.get("/questions", response_model=Questions, response_model_exclude_none=True, summary="Questions")
async def get_questions(archive: Kept, known: Known) -> Response:
    """What was asked and deserves an answer."""
    rows, ids, people = await _found(archive, known, "question")
    return ShapeResponse(Questions(questions=[shapes.question(row, ids, people) for row in rows]))


@router.get("/action-items", response_model=ActionItems, response_model_exclude_none=True, summary="Action items")
async def get_action_items(archive: Kept, known: Known) -> Response:
    """What somebody has to do afterwards."""
    rows, ids, people = await _found(archive, known, "action_item")
    return ShapeResponse(ActionItems(action_items=[shapes.action(row, ids, people) for row in rows]))


@router.get("/follow-ups", response_model=FollowUps, response_model_exclude_none=True, summary="Follow-ups")
async def get_follow_ups(archive: Kept, known: Known) -> Response:
    """Whom to get in touch with, and what to meet about."""
    rows, ids, people = await _found(archive, known, "follow_up")
    return ShapeResponse(FollowUps(follow_ups=[shapes.action(row, ids, people) for row in rows]))


@router.get("/insights", response_model=Insights, response_model_exclude_none=True, summary="All insights")
async def get_insights(archive: Kept, known: Known) -> Response:
    """Questions, action items and follow-ups together, in the order in which they came up."""
    rows, ids, people = await _found(archive, known, None)
    return ShapeResponse(Insights(insights=[_insight(row, ids, people) for row in rows]))


def _insight(row: InsightLine, ids: Mapping[str, str], people: People) -> ActionItem | Question:
    return shapes.question(row, ids, people) if row.kind == "question" else shapes.action(row, ids, people)


async def _found(archive: Archive, known: ConversationRow, kind: str | None) -> tuple[list[InsightLine], dict[str, str], People]:
    """Insights of a kind, the REST ids of messages by their UUIDs, and the people."""
    rows = await archive.store.insights(known.id, kind)
    members = await archive.store.members([known.id])
    ids = await archive.store.message_ids(known.id, (message_id for row in rows for message_id in row.message_ids))
    return rows, ids, shapes.People(members[known.id])


@router.get("/entities", response_model=Entities, response_model_exclude_none=True, summary="Entities")
async def get_entities(archive: Kept, known: Known) -> Response:
    """People, places, organisations, dates and numbers that were named, where the client asked to have them detected."""
    rows = await archive.store.entities(known.id)
    return ShapeResponse(Entities(entities=shapes.entities(rows, await _by_uuid(archive, known) if rows else {})))


@router.get(
    "/trackers-detected", response_model=list[DetectedTracker], response_model_exclude_none=True, summary="Trackers detected"
)
async def get_trackers_detected(archive: Kept, known: Known) -> Response:
    """A bare array: the trackers whose phrases were said, with the messages and insights that hold them."""
    rows = await archive.store.tracker_matches(known.id)
    messages = await _by_uuid(archive, known) if rows else {}
    insights = {row.realtime_id: row.id for row in await archive.store.insights(known.id, None)} if rows else {}
    found = shapes.trackers(rows, messages, insights)
    return Response(f"[{','.join(tracker.wire() for tracker in found)}]", media_type=JSON)


@router.get(
    "/trackers",
    response_model=list[DetectedTracker],
    response_model_exclude_none=True,
    summary="Trackers detected, by the older name",
    deprecated=True,
)
async def get_trackers(archive: Kept, known: Known) -> Response:
    """The same as `trackers-detected`."""
    return await get_trackers_detected(archive, known)


async def _by_uuid(archive: Archive, known: ConversationRow) -> dict[str, Said]:
    return {one.realtime_id: one for one in await reading.said(archive.store, known.id)}
