"""The Conversation API: analytics, summary, transcript, experiences."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import quote

from fastapi import APIRouter
from starlette.requests import Request  # noqa: TC002 - FastAPI reads the annotation
from starlette.responses import Response  # noqa: TC002 - FastAPI reads the annotation

from engine.clock import iso
from engine.conversations import reading, shapes
from engine.conversations.access import NOT_FOUND, REFUSALS, Kept, Known, ShapeResponse
from engine.conversations.analytics import Turn, analyse
from engine.conversations.digest import make_summary
from engine.conversations.page import PAGE_NAME, PAGE_PATH
from engine.conversations.phrases import key_phrases
from engine.conversations.transcript import Line, render
from engine.errors import BadRequest, NotFound
from wire.conversations import CONVERSATIONS_PATH
from wire.reports import (
    Analytics,
    ExperienceAnswer,
    ExperienceRequest,
    PageLink,
    Summary,
    TranscriptAnswer,
    TranscriptPhrases,
    TranscriptRequest,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.conversations.models import TopicRow
    from engine.conversations.reading import Said

router = APIRouter(prefix=f"{CONVERSATIONS_PATH}/{{conversation_id}}", tags=["Reports"], responses={**REFUSALS, **NOT_FOUND})


@router.get("/analytics", response_model=Analytics, response_model_exclude_none=True, summary="Analytics")
async def get_analytics(archive: Kept, known: Known) -> Response:
    """Silence, talk and overlap of the conversation; talk, pace, listening and overlap of each member."""
    said = await reading.said(archive.store, known.id)
    members = (await archive.store.members([known.id]))[known.id]
    end = archive.clock.time() if known.end_time is None else known.end_time

    def reckon() -> Analytics:
        turns = [Turn(one.member_id, one.start_time, one.end_time, len(one.text.split())) for one in said]
        return analyse(members, turns, known.start_time, end)

    return ShapeResponse(await asyncio.to_thread(reckon))


@router.get("/summary", response_model=Summary, response_model_exclude_none=True, summary="Summary")
async def get_summary(archive: Kept, known: Known) -> Response:
    """The sentences that say most, and sections: talked about, decided, to do, open questions.

    Made anew whenever what it rests on has changed. 404 while a job works on the conversation, or nothing was said yet.
    """
    if await reading.unfinished_jobs(archive.store, known.id):
        raise NotFound("The conversation is still being processed: ask for the summary once its job is completed.")
    kept = await reading.summary(archive.store, known.id)
    count = await reading.message_count(archive.store, known.id)
    if not count:
        raise NotFound("Nothing has been said in this conversation yet.")
    if not kept or kept[0].covered != count:
        kept = await make_summary(archive.store, known.id)
    ids = await archive.store.message_ids(known.id, (message_id for row in kept for message_id in row.message_ids))
    return ShapeResponse(shapes.summary(kept, ids))


@router.post("/transcript", response_model=TranscriptAnswer, response_model_exclude_none=True, summary="Transcript")
async def post_transcript(archive: Kept, known: Known, asked: TranscriptRequest) -> Response:
    """The conversation as one text: Markdown, SRT, WebVTT, plain text, or lines as JSON.

    Paragraphs and key phrases (in `<mark>`) count for Markdown; what people said is never taken as markup.
    """
    said = await reading.said(archive.store, known.id)
    members = (await archive.store.members([known.id]))[known.id]
    names = {member.id: member.name or member.user_id for member in members}
    wanted = asked.phrases or TranscriptPhrases()
    all_phrases, marked = wanted.highlight_all_key_phrases, wanted.highlight_only_insight_key_phrases
    actions = await reading.actions(archive.store, known.id) if marked or all_phrases else []
    topics = await archive.store.topics(known.id) if all_phrases else []

    def write() -> TranscriptAnswer:
        marks = _marks(said, actions, topics)
        began = known.first_word or 0.0
        lines = [
            Line(
                start=one.start_time - began,
                end=one.end_time - began,
                speaker=names[one.member_id],
                text=one.text,
                marks=marks.get(one.realtime_id, ()),
            )
            for one in said
        ]
        transcript = render(lines, asked.content_type, paragraphs=asked.create_paragraphs, speakers=asked.show_speaker_separation)
        return TranscriptAnswer(transcript=transcript)

    return ShapeResponse(await asyncio.to_thread(write))


def _marks(
    said: Sequence[Said], actions: Sequence[tuple[str, list[str]]], topics: Sequence[TopicRow]
) -> dict[str, tuple[str, ...]]:
    """The phrases to highlight, by message."""
    subjects = [(row.text, row.message_ids) for row in topics]
    found = key_phrases({one.realtime_id: one.text for one in said}, actions, subjects)
    return {message_id: tuple(text for _, text in marked) for message_id, marked in found.items()}


@router.get("/page", response_model=PageLink, summary="A link to the page of the meeting")
async def get_page_link(archive: Kept, known: Known) -> Response:
    """A signed address that shows the finished meeting, read-only, without any other credential, until it expires.

    404 where the owner has given the engine no public address.
    """
    if not archive.public_url:
        raise NotFound("The engine has no public address: its owner may set one as ENGINE_PUBLIC_URL.")
    token = archive.tokens.link(known.app_id, known.id, archive.link_seconds)
    url = f"{archive.public_url}/#conversation/{known.id}/{token.text}"
    return ShapeResponse(PageLink(url=url, expires=iso(token.expires)))


@router.post("/experiences", response_model=ExperienceAnswer, status_code=201, summary="A page to look at")
async def post_experience(request: Request, archive: Kept, known: Known, asked: ExperienceRequest) -> Response:
    """The address of a page with summary, topics, insights and transcript; it needs no token, so keep it to yourself."""
    if asked.name != PAGE_NAME:
        raise BadRequest(f'"name" must be "{PAGE_NAME}": recordings of sound or pictures are not kept here.')
    if not await reading.summary(archive.store, known.id):
        await make_summary(archive.store, known.id)
    path = f"{PAGE_PATH}/{PAGE_NAME}/{quote(known.id)}/{archive.signature(known.id, PAGE_NAME)}"
    return ShapeResponse(ExperienceAnswer(name=asked.name, url=str(request.base_url).rstrip("/") + path), 201)
