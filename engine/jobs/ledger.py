"""Jobs and what their webhooks are still to be told, as they stand in the store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, func, select, update

from engine.conversations.models import (
    ConversationRow,
    DeliveryRow,
    EntityRow,
    JobRow,
    MessageRow,
    SummaryRow,
    TrackerMatchRow,
)
from engine.conversations.reading import UNFINISHED
from engine.conversations.store import set_first_word
from engine.errors import NotFound

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from engine.conversations.store import Store
    from wire.jobs import JobStatus

UNKNOWN_JOB: Final = "The jobId is either invalid or does not exist."


@dataclass(frozen=True, slots=True)
class Delivery:
    """A state to be told; `number` orders those of one job."""

    number: int
    job_id: str
    app_id: str
    url: str
    status: str
    attempts: int
    due: float


class Ledger:
    """A change of state and the webhook's news of it are one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, job: JobRow, conversation: ConversationRow | None, now: float) -> None:
        """Keep a new job, with its conversation if that is new as well."""
        async with self._store.writing() as session:
            if conversation is not None:
                session.add(conversation)
                await session.flush()
            session.add(job)
            await session.flush()
            _tell(session, job, now)

    async def job(self, app_id: str, job_id: str) -> JobRow:
        """One job of an application. Raises `NotFound`."""
        async with self._store.reading() as session:
            row = await session.scalar(select(JobRow).where(JobRow.id == job_id, JobRow.app_id == app_id))
        if row is None:
            raise NotFound(UNKNOWN_JOB)
        return row

    async def unfinished(self) -> list[JobRow]:
        """Jobs that wait or work, in the order of asking."""
        async with self._store.reading() as session:
            return list(await session.scalars(select(JobRow).where(JobRow.status.in_(UNFINISHED)).order_by(JobRow.number)))

    async def count(self, app_id: str) -> int:
        """How many jobs of an application wait or work."""
        statement = select(func.count()).select_from(JobRow).where(JobRow.app_id == app_id, JobRow.status.in_(UNFINISHED))
        async with self._store.reading() as session:
            return await session.scalar(statement) or 0

    async def begin(self, job_id: str, now: float) -> JobRow | None:
        """A job begins: what a broken-off attempt wrote is undone. None if it was deleted."""
        async with self._store.writing() as session:
            job = await session.scalar(select(JobRow).where(JobRow.id == job_id))
            if job is None:
                return None
            if job.first_message is not None:
                await _undo(session, job.conversation_id, job.first_message)
            count = select(func.count()).select_from(MessageRow).where(MessageRow.conversation_id == job.conversation_id)
            job.first_message = await session.scalar(count) or 0
            job.attempts += 1
            if job.status != "in_progress":
                job.status = "in_progress"
                _tell(session, job, now)
            return job

    async def end(self, job_id: str, status: JobStatus, reason: str | None, now: float) -> None:
        """A job is over; what it worked on is dropped."""
        async with self._store.writing() as session:
            job = await session.scalar(select(JobRow).where(JobRow.id == job_id))
            if job is not None:
                job.status, job.reason, job.payload = status, reason, {}
                _tell(session, job, now)

    # Webhooks

    async def deliveries(self, limit: int) -> list[Delivery]:
        """The next state of each job that has any to tell, the most urgent first."""
        first = select(func.min(DeliveryRow.number)).group_by(DeliveryRow.job_id)
        statement = (
            select(DeliveryRow, JobRow.app_id, JobRow.webhook_url)
            .join(JobRow, JobRow.id == DeliveryRow.job_id)
            .where(DeliveryRow.number.in_(first))
            .order_by(DeliveryRow.due)
            .limit(limit)
        )
        async with self._store.reading() as session:
            return [
                Delivery(row.number, row.job_id, app_id, url or "", row.status, row.attempts, row.due)
                for row, app_id, url in await session.execute(statement)
            ]

    async def postpone(self, number: int, due: float) -> None:
        """It did not arrive: try again later."""
        async with self._store.writing() as session:
            statement = update(DeliveryRow).where(DeliveryRow.number == number)
            await session.execute(statement.values(due=due, attempts=DeliveryRow.attempts + 1))

    async def delivered(self, number: int) -> None:
        """It arrived, or will not be tried any more."""
        async with self._store.writing() as session:
            await session.execute(delete(DeliveryRow).where(DeliveryRow.number == number))


def _tell(session: AsyncSession, job: JobRow, now: float) -> None:
    if job.webhook_url is not None:
        session.add(DeliveryRow(job_id=job.id, status=job.status, due=now))


async def _undo(session: AsyncSession, conversation_id: str, first_message: int) -> None:
    """Drop messages from a position on, with what was found in them; insights are gone over again at the job's end."""
    of_conversation = MessageRow.conversation_id == conversation_id
    gone = list(
        await session.scalars(select(MessageRow.realtime_id).where(of_conversation, MessageRow.position >= first_message))
    )
    for table in (TrackerMatchRow, EntityRow):
        for realtime_id in gone:
            await session.execute(delete(table).where(table.conversation_id == conversation_id, table.message_id == realtime_id))
    await session.execute(delete(MessageRow).where(of_conversation, MessageRow.position >= first_message))
    await session.execute(delete(SummaryRow).where(SummaryRow.conversation_id == conversation_id))
    earliest = await session.scalar(select(func.min(MessageRow.start_time)).where(of_conversation))
    await set_first_word(session, conversation_id, earliest)
