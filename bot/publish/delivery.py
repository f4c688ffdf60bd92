"""One message into one place: noted before, sent with patience, noted after."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from bot.errors import PlaceGone, PostError, PostRefused
from bot.meetings.entries import Posted, Posting
from bot.publish.budget import Budget

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.clock import Clock
    from bot.meetings.ports import Attachment, JournalWriter, Menu, Post, Thread
    from bot.publish.lines import Draft

log = logging.getLogger(__name__)

KEY_LIFE = 60.0
"""Seconds for which Discord surely knows a message's key again; after that the place itself is asked whether the message stands there."""
LOOK_BACK = 20
"""How many messages are looked at for it."""
BACK_OFF = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0)
"""Seconds between tries."""


class Delivery:
    """Writes to one thread or channel, within what Discord allows there."""

    def __init__(self, place: Thread, journal: JournalWriter, *, clock: Clock, own_thread: bool = True) -> None:
        self._place = place
        self._journal = journal
        self._clock = clock
        self._place_id = None if own_thread else place.thread_id
        self._budget = Budget()

    def wait(self) -> float:
        """Seconds until the next message may go out."""
        return self._budget.wait(self._clock.monotonic())

    async def send(
        self, draft: Draft, *, files: Sequence[Attachment] = (), menu: Menu | None = None, give_up: float | None = None
    ) -> Post:
        """Send, again and again until Discord has it.

        Raises `PlaceGone` when nothing can be sent there any more, `PostRefused` when this message cannot, and `PostError` after
        `give_up` seconds without success.
        """
        keys = list(draft.keys)
        await self._journal.append(
            Posting(post_key=draft.key, keys=keys, content=draft.text, thread_id=self._place_id),
        )
        post = await self._insist(draft, files, menu, give_up)
        await self._journal.append(Posted(post_key=draft.key, keys=keys, message_id=post.message_id, url=post.url))
        return post

    async def _insist(self, draft: Draft, files: Sequence[Attachment], menu: Menu | None, give_up: float | None) -> Post:
        begin = self._clock.monotonic()
        tries = 0
        while True:
            await self._clock.sleep(self.wait())
            self._budget.spend(self._clock.monotonic())
            try:
                if tries and self._clock.monotonic() - begin > KEY_LIFE and (post := await self._standing(draft)):
                    return post
                return await self._place.send(draft.text, key=draft.key, files=files, menu=menu)
            except (PlaceGone, PostRefused):
                raise
            except PostError as error:
                now = self._clock.monotonic()
                if give_up is not None and now - begin > give_up:
                    raise
                pause = max(error.retry_after, BACK_OFF[min(tries, len(BACK_OFF) - 1)])
                log.warning("message not sent, next try in %.1f s: %s", pause, error)
                self._budget.close(now, pause)
                tries += 1

    async def _standing(self, draft: Draft) -> Post | None:
        """The message itself, if an earlier try arrived although it looked lost."""
        return next((post for post in await self._place.recent(LOOK_BACK) if post.content == draft.text), None)
