"""Works on jobs: a few at a time, those of one conversation one after the other, and again after a restart.

A job that was interrupted is run once more from its beginning: what it had written is undone first. Interrupted a second time,
it fails, so that a file which brings the engine down does so twice at most.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Final

from engine.errors import EngineFault, NotFound, Overloaded
from engine.jobs import text
from engine.jobs.desk import Desk
from engine.jobs.sound import SoundWork
from wire.jobs import SoundWishes, TextRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.clock import Clock
    from engine.conversations.models import ConversationRow, JobRow
    from engine.conversations.store import Store
    from engine.jobs.ledger import Ledger
    from engine.jobs.outbound import Outbound
    from engine.jobs.spool import Spool
    from engine.jobs.webhooks import Webhooks
    from engine.recognition.types import Recognition
    from engine.streaming.findings import InsightsFactory

_logger = logging.getLogger(__name__)

AT_ONCE: Final = 2
"""Jobs that are worked on at the same time; recognition itself is shared with the streams."""
MAX_ATTEMPTS: Final = 2
INTERRUPTED: Final = "The engine was stopped twice while it worked on this job: hand it over again."
BROKEN: Final = "The engine made a mistake: its log says which."
TOO_MANY: Final = "Maximum number of concurrent jobs reached. Please wait for some requests to complete."


class JobRunner:
    """Everything that jobs need. `most` is how many jobs of one application may wait or work."""

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        spool: Spool,
        recognition: Recognition,
        insights: InsightsFactory,
        outbound: Outbound,
        webhooks: Webhooks,
        clock: Clock,
        most: int,
    ) -> None:
        self.spool = spool
        self._store = store
        self._ledger = ledger
        self._recognition = recognition
        self._insights = insights
        self._outbound = outbound
        self._webhooks = webhooks
        self._clock = clock
        self._most = most
        self._working: dict[str, asyncio.Task[None]] = {}
        self._uploads: dict[str, int] = {}
        self._pumping = asyncio.Lock()
        self._closing = False
        self._pumps: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Take up what waited when the engine stopped."""
        unfinished = await self._ledger.unfinished()
        for job in unfinished:
            if job.attempts >= MAX_ATTEMPTS:
                await self._ledger.end(job.id, "failed", INTERRUPTED, self._clock.time())
        kept = {job.payload["file"] for job in unfinished if job.attempts < MAX_ATTEMPTS and "file" in job.payload}
        await asyncio.to_thread(self.spool.keep_only, kept)
        self._webhooks.start()
        self._pump_soon()

    async def close(self) -> None:
        """Stop; jobs that were worked on are run again at the next start."""
        self._closing = True
        for task in (*self._working.values(), *self._pumps):
            task.cancel()
        await asyncio.gather(*self._working.values(), *self._pumps, return_exceptions=True)
        await self._webhooks.close()
        await self._outbound.close()

    @contextmanager
    def place(self, app_id: str, unfinished: int) -> Iterator[None]:
        """Keep a place for a job that is being handed over. Raises `Overloaded`."""
        uploads = self._uploads.get(app_id, 0)
        if unfinished + uploads >= self._most:
            raise Overloaded(TOO_MANY)
        self._uploads[app_id] = uploads + 1
        try:
            yield
        finally:
            self._uploads[app_id] -= 1
            if not self._uploads[app_id]:
                del self._uploads[app_id]

    async def submit(self, job: JobRow, conversation: ConversationRow | None) -> None:
        """A new job, with its conversation if that is new as well."""
        await self._ledger.add(job, conversation, self._clock.time())
        self._webhooks.wake()
        self._pump_soon()

    async def discard(self, conversation_id: str) -> None:
        """The conversation is being deleted: drop its jobs, and the sound that they wait with."""
        waiting = [job for job in await self._ledger.unfinished() if job.conversation_id == conversation_id]
        for job in waiting:
            task = self._working.get(job.conversation_id)
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            await self._ledger.end(job.id, "failed", "The conversation was deleted.", self._clock.time())
            if "file" in job.payload:
                self.spool.remove(job.payload["file"])

    # Work

    def _pump_soon(self) -> None:
        if not self._closing:
            task = asyncio.create_task(self._pump())
            self._pumps.add(task)
            task.add_done_callback(self._pumps.discard)

    async def _pump(self) -> None:
        """Begin what can begin."""
        async with self._pumping:
            begun = set(self._working)
            for job in await self._ledger.unfinished():
                if len(self._working) >= AT_ONCE:
                    return
                if job.conversation_id not in begun:
                    begun.add(job.conversation_id)
                    task = asyncio.create_task(self._run(job.id, job.conversation_id))
                    self._working[job.conversation_id] = task
                    task.add_done_callback(partial(self._done, job.conversation_id))

    def _done(self, conversation_id: str, task: asyncio.Task[None]) -> None:
        self._working.pop(conversation_id, None)
        if not task.cancelled() and (error := task.exception()):
            _logger.error("A job could neither be worked on nor ended.", exc_info=error)
            return
        self._pump_soon()

    async def _run(self, job_id: str, conversation_id: str) -> None:
        job = await self._ledger.begin(job_id, self._clock.time())
        if job is None:
            return
        self._webhooks.wake()
        reason: str | None = None
        try:
            await self._work(job, await self._store.known(conversation_id))
        except NotFound:  # the conversation was deleted, and the job with it
            return
        except EngineFault as error:
            reason = str(error)
        except Exception:
            _logger.exception("Job %s failed.", job_id)
            reason = BROKEN
        if "file" in job.payload:
            self.spool.remove(job.payload["file"])
        await self._ledger.end(job_id, "completed" if reason is None else "failed", reason, self._clock.time())
        self._webhooks.wake()

    async def _work(self, job: JobRow, conversation: ConversationRow) -> None:
        appended = bool(job.first_message)
        base = (conversation.end_time if appended else None) or conversation.start_time
        if job.kind == "text":
            asked = TextRequest.model_validate({**job.options, "messages": job.payload["messages"]})
            desk = Desk(self._store, self._insights, conversation, asked, base)
            await desk.open()
            await desk.close(await text.work(desk, asked.messages, base))
            return
        wishes = SoundWishes.model_validate(job.options)
        desk = Desk(self._store, self._insights, conversation, wishes, base)
        await desk.open()
        work = SoundWork(self._recognition, self._clock, desk, wishes)
        if "url" not in job.payload:
            await desk.close(await work.work(self.spool.path(job.payload["file"])))
            return
        name = await self.spool.save(self._outbound.download(job.payload["url"]))
        try:
            await desk.close(await work.work(self.spool.path(name)))
        finally:
            self.spool.remove(name)
