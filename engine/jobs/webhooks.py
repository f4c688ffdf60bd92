"""Tells webhooks how jobs stand: each change once, in order, signed, tried again while nobody answers.

The body is `{"jobId", "status"}`. `X-Minutes-Signature` is `sha256=` and the hexadecimal HMAC-SHA256 of the timestamp (as in
`X-Minutes-Timestamp`, seconds since the epoch), a full stop and the body, keyed with the application's secret.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
from typing import TYPE_CHECKING, Final

from engine.jobs.outbound import OutboundFailure
from wire.jobs import JobNotice

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.clock import Clock
    from engine.jobs.ledger import Delivery, Ledger
    from engine.jobs.outbound import Outbound

_logger = logging.getLogger(__name__)

RETRY_SECONDS: Final = (2.0, 10.0, 60.0, 300.0, 1_800.0, 7_200.0)
"""Waits between tries; after the last one the news is dropped."""
AT_ONCE: Final = 8
"""Webhooks that are called at the same time."""


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """The value of `X-Minutes-Signature`."""
    return "sha256=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


class Webhooks:
    """Args: secrets by application id."""

    def __init__(self, ledger: Ledger, outbound: Outbound, secrets: Mapping[str, str], clock: Clock) -> None:
        self._ledger = ledger
        self._outbound = outbound
        self._secrets = secrets
        self._clock = clock
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to call; what could not be told before a restart is tried at once."""
        self._task = asyncio.create_task(self._run())

    def wake(self) -> None:
        """A job has changed."""
        self._news.set()

    async def close(self) -> None:
        """Stop; what was not told yet is kept."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            self._news.clear()
            waiting = await self._ledger.deliveries(AT_ONCE)
            now = self._clock.time()
            due = [one for one in waiting if one.due <= now]
            if due:
                await asyncio.gather(*(self._deliver(one) for one in due))
                continue
            await self._sleep(min((one.due for one in waiting), default=None), now)

    async def _sleep(self, until: float | None, now: float) -> None:
        """Until there is news, or something is due."""
        news = asyncio.create_task(self._news.wait())
        alarm = asyncio.create_task(self._clock.sleep(until - now)) if until is not None else None
        try:
            await asyncio.wait({news, alarm} if alarm else {news}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            news.cancel()
            if alarm is not None:
                alarm.cancel()

    async def _deliver(self, delivery: Delivery) -> None:
        body = JobNotice.model_validate({"jobId": delivery.job_id, "status": delivery.status}).wire().encode()
        now = self._clock.time()
        timestamp = str(int(now))
        try:
            headers = {
                "Content-Type": "application/json",
                "X-Minutes-Timestamp": timestamp,
                "X-Minutes-Signature": signature(self._secrets[delivery.app_id], timestamp, body),
            }
            await self._outbound.post(delivery.url, body, headers)
        except OutboundFailure as error:
            if delivery.attempts < len(RETRY_SECONDS):
                await self._ledger.postpone(delivery.number, now + RETRY_SECONDS[delivery.attempts])
                return
            _logger.warning("The webhook of job %s was not told %s: %s.", delivery.job_id, delivery.status, error)
        except Exception:
            _logger.exception("The webhook of job %s was not told %s.", delivery.job_id, delivery.status)
        await self._ledger.delivered(delivery.number)
