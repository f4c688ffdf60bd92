"""Has a language model read conversations once they are over, in the background, and keeps what it found.

Until then, and where it fails, what the local engine found stands. `readings` says who found it.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import TYPE_CHECKING, Final, Literal

from sqlalchemy import update

from engine.conversations import editing, reading
from engine.conversations.digest import make_summary
from engine.conversations.models import ReadingRow
from engine.errors import SettingsError
from engine.insights.language_model.chat import ChatModel
from engine.insights.language_model.reader import MeetingReader
from engine.insights.types import Changes, Due, Insight, Speaker, Topic, Utterance
from engine.streaming.findings import speaker_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from engine.clock import Clock
    from engine.conversations.lines import InsightLine
    from engine.conversations.models import ConversationRow, Json, TopicRow
    from engine.conversations.store import Store
    from engine.insights.language_model.minutes import Point, PointKind
    from engine.insights.sections import SectionName
    from engine.settings import EngineSettings

_logger = logging.getLogger(__name__)

_SECTIONS: Final[dict[PointKind, SectionName | Literal[""]]] = {"discussed": "", "decided": "decided", "open": "open_questions"}
_NOT_OF_POINTS: Final[frozenset[SectionName]] = frozenset({"talked_about", "to_do"})

AT_ONCE: Final = 2
"""Conversations that are read at the same time; the others wait, and the limit for each begins when its turn comes."""
STOPPED: Final = "was interrupted by a restart of the engine"
BROKEN: Final = "could not be used: the engine's log says why"


def rereading(settings: EngineSettings, store: Store, clock: Clock) -> Rereading | None:
    """What the settings ask for; None where they name no language model. Raises `SettingsError`."""
    address = settings.language_model_url
    if not address:
        return None
    if not address.startswith(("http://", "https://")):
        raise SettingsError("LANGUAGE_MODEL_URL is wrong: it must begin with http:// or https://. Mend it in .env.")
    if not settings.language_model_name:
        raise SettingsError("LANGUAGE_MODEL_NAME is missing: say in .env which model LANGUAGE_MODEL_URL shall use.")
    model = ChatModel(address, settings.language_model_name, settings.language_model_key, clock)
    return Rereading(model, store, clock, seconds=settings.language_model_seconds)


@dataclass(frozen=True, slots=True)
class _Known:
    """All that is known of a conversation before it is read again."""

    said: list[Utterance]
    roster: list[Speaker]
    local: Changes


class Rereading:
    """`take` conversations that are over; `seconds` is the limit for reading one of them. It takes over `model`, and closes it."""

    def __init__(self, model: ChatModel, store: Store, clock: Clock, *, seconds: float) -> None:
        self._chat = model
        self._model = model.name
        self._reader = MeetingReader(model, clock, partial(secrets.token_hex, 8), seconds=seconds)
        self._store = store
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def start(self) -> None:
        """What was being read when the engine stopped stays as the local engine found it."""
        async with self._store.writing() as session:
            interrupted = update(ReadingRow).where(ReadingRow.status == "in_progress")
            await session.execute(interrupted.values(status="completed", made_by="local", reason=STOPPED, progress=1.0))

    async def take(self, conversation: ConversationRow) -> None:
        """The conversation is over. When this returns, it is known to be read; the reading itself goes on by itself."""
        if not await reading.message_count(self._store, conversation.id):
            return
        row = ReadingRow(conversation_id=conversation.id, status="in_progress", model=self._model, made_by="local", progress=0.0)
        await self._store.add(row)
        task = asyncio.create_task(self._read(conversation), name=f"reading {conversation.id}")
        self._tasks[conversation.id] = task
        task.add_done_callback(lambda _: self._tasks.pop(conversation.id, None))

    async def discard(self, conversation_id: str) -> None:
        """The conversation is being deleted."""
        if (task := self._tasks.get(conversation_id)) is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def close(self) -> None:
        """Stop; `start` says so to whoever asks afterwards."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._chat.aclose()

    async def _read(self, conversation: ConversationRow) -> None:
        try:
            async with self._turns:
                known = await self._known(conversation)
                found = await self._reader.read(
                    known.said, known.roster, known.local, lambda share: self._note(conversation.id, progress=share)
                )
            if found.made_by != "local":
                await self._store.save(conversation.id, found.changes, whole=True)
                await self._write(conversation.id, found.points, len(known.said))
            outcome = {"made_by": found.made_by, "reason": found.reason}
        except Exception:
            _logger.exception("The language model's reading of conversation %s failed.", conversation.id)
            outcome = {"made_by": "local", "reason": BROKEN}
        await self._note(conversation.id, status="completed", progress=1.0, **outcome)

    async def _write(self, conversation_id: str, points: Sequence[Point], covered: int) -> None:
        """The model's sentences in place of the quoted ones; topics and items stand in their sections as ever."""
        rows = await make_summary(self._store, conversation_id)
        if points:
            items: list[tuple[str, str, list[str]]] = [
                (row.section, row.text, row.message_ids) for row in rows if row.section in _NOT_OF_POINTS
            ]
            items += [(_SECTIONS[point.kind], point.text, list(point.message_ids)) for point in points]
            await editing.set_summary(self._store, conversation_id, items, covered, written_by=self._model)

    async def _note(self, conversation_id: str, **values: str | float | None) -> None:
        async with self._store.writing() as session:
            await session.execute(update(ReadingRow).where(ReadingRow.conversation_id == conversation_id).values(**values))

    async def _known(self, conversation: ConversationRow) -> _Known:
        members = (await self._store.members([conversation.id]))[conversation.id]
        people = {member.id: speaker_of(member) for member in members}
        zone = timezone(-timedelta(minutes=conversation.timezone_offset))
        said = [
            Utterance(
                one.realtime_id,
                people[one.member_id],
                one.text,
                datetime.fromtimestamp(one.start_time, zone),
                datetime.fromtimestamp(one.end_time, zone),
            )
            for one in await reading.said(self._store, conversation.id)
        ]
        insights = tuple(_insight(row, people) for row in await self._store.insights(conversation.id, None))
        topics = tuple(_topic(row) for row in await self._store.topics(conversation.id))
        return _Known(said, list(people.values()), Changes(insights, topics))


def _insight(row: InsightLine, people: Mapping[str, Speaker]) -> Insight:
    return Insight(
        key=row.key,
        kind="question" if row.kind == "question" else "follow_up" if row.kind == "follow_up" else "action_item",
        text=row.text,
        score=row.score,
        message_ids=tuple(row.message_ids),
        speaker=_person(row.speaker, people),
        assignee=_person(row.assignee, people) if row.assignee else None,
        due=Due(datetime.fromisoformat(row.due), row.due_phrase, row.due_offset) if row.due else None,
    )


def _person(kept: Json, people: Mapping[str, Speaker]) -> Speaker:
    return people.get(kept["id"]) or Speaker(kept["id"], kept["name"], kept["userId"])


def _topic(row: TopicRow) -> Topic:
    return Topic(row.key, row.text, row.score, tuple(row.message_ids), tuple(row.root_words), tuple(row.parents))
