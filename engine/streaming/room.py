"""One connection id: its sockets, its one conversation, and the order in which things are kept, told and ended."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from engine.errors import EngineFault
from engine.recognition.types import Interim, Lost
from engine.streaming import frames
from engine.streaming.audience import Audience
from engine.streaming.outlet import NORMAL, RESTART
from engine.streaming.participant import Participant, identity, sender
from engine.streaming.record import Keeping, Record
from engine.streaming.retelling import Retelling
from engine.streaming.tape import Tape
from engine.streaming.voice import Voice

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterable

    from engine.clock import Clock
    from engine.conversations.models import ConversationRow
    from engine.conversations.store import Store
    from engine.recognition.second_look import SecondLook
    from engine.recognition.types import Recognition, Result, SpeechStream
    from engine.streaming.findings import InsightsFactory, News
    from engine.streaming.intake import SoundFormat
    from engine.streaming.options import StreamOptions
    from engine.streaming.outlet import Outlet

_logger = logging.getLogger(__name__)

SILENCE_SECONDS: Final = 1_800.0
"""A session without any sound for this long is ended."""
ABANDONED_SECONDS: Final = 60.0
"""A room that was opened for somebody who then could not come in ends after this."""
HURRY_SECONDS: Final = 5.0
"""How long recognition may still take when the engine stops."""


class RoomOver(Exception):
    """The conversation ended while somebody was on the way in."""


@dataclass(frozen=True, slots=True)
class House:
    """What all rooms share."""

    recognition: Recognition
    insights: InsightsFactory
    store: Store
    clock: Clock
    spawn: Callable[[Coroutine[object, object, None]], None]
    """Runs work that nobody waits for."""
    ended: Callable[[ConversationRow], Awaitable[None]]
    """Told of every conversation that is over, before its sockets are."""
    second_look: SecondLook | None = None
    """Reads again what was said, when a conversation ends."""


class Room:
    """Alive from the first start request until the conversation has ended.

    Whatever touches the conversation happens under one lock, so frames, rows and insights keep one order. Waiting for
    the recogniser happens outside it, because its results need the lock.
    """

    def __init__(self, house: House, conversation: ConversationRow) -> None:
        self.record = Record(house.store, house.insights, conversation)
        self.over = False
        self._house = house
        self._lock = asyncio.Lock()
        self._audience = Audience()
        self._retelling = Retelling(house.second_look, self.record, house.clock) if house.second_look is not None else None
        self._last_sound = house.clock.time()
        self._ending = False

    @property
    def conversation_id(self) -> str:
        """The 16 digits."""
        return self.record.conversation.id

    @property
    def streams(self) -> int:
        """How many sockets are in."""
        return len(self._audience.participants)

    # Coming in

    async def join(self, outlet: Outlet, options: StreamOptions, stream: SpeechStream | None) -> Participant:
        """A good start request came. `stream` is None where no speaker is named. Raises `RoomOver`."""
        async with self._lock:
            if self.over:
                raise RoomOver
            participant = Participant(outlet, options)
            await self._enter(participant, stream)
            return participant

    async def rejoin(self, participant: Participant, options: StreamOptions, stream: SpeechStream | None) -> None:
        """A socket that was kept after its stop starts again. Raises `RoomOver`."""
        async with self._lock:
            if self.over:
                raise RoomOver
            participant.options, participant.kept_until = options, None
            participant.member, participant.refused = None, False
            await self._enter(participant, stream)

    async def _enter(self, participant: Participant, stream: SpeechStream | None) -> None:
        options = participant.options
        await self.record.open(options.no_connection_timeout)
        await self.record.watch(options)
        if options.speaker is not None:
            who = options.speaker
            participant.member = await self.record.member(identity(who), who.name, who.user_id or who.email)
        if stream is not None:
            self._give_voice(participant, stream)
        participant.outlet.send(frames.event("started_listening"))
        participant.outlet.send(frames.event("conversation_created", self.conversation_id))
        participant.outlet.send(frames.event("recognition_started", self.conversation_id))
        self._audience.participants[participant] = None
        self._last_sound = self._house.clock.time()

    def _give_voice(self, participant: Participant, stream: SpeechStream) -> None:
        tape = Tape() if self._retelling is not None else None
        participant.voice = Voice(stream, participant.options.sound, partial(self._result, participant), tape)

    def subscribe(self, outlet: Outlet) -> None:
        """Somebody only listens."""
        if self.over:
            outlet.close()
            return
        outlet.send(frames.event("subscription_started", self.conversation_id))
        self._audience.listeners[outlet] = None

    def unsubscribe(self, outlet: Outlet) -> None:
        """The listener is gone."""
        self._audience.listeners.pop(outlet, None)

    # Sound, and what comes of it

    async def hear(self, participant: Participant, data: bytes) -> None:
        """A frame of sound."""
        if participant not in self._audience.participants:
            return
        if participant.voice is None and not participant.refused:
            await self._hear_first(participant)
        if participant.voice is not None:
            now = self._last_sound = self._house.clock.time()
            if trouble := participant.voice.feed(data, now):
                participant.outlet.send(frames.error("Invalid audio.", trouble))
            await participant.voice.caught_up()

    async def _hear_first(self, participant: Participant) -> None:
        """Sound from a socket without a speaker: somebody whose name is not known."""
        options = participant.options
        try:
            stream = self._house.recognition.open(
                vocabulary=options.vocabulary, language=options.language, interims=options.interims
            )
        except EngineFault as error:
            participant.refused = True
            participant.outlet.send(frames.refusal(error))
            return
        async with self._lock:
            if self.over or participant not in self._audience.participants:
                await stream.abort()
                return
            taken = {other.member.identity for other in self._audience.participants if other.member}
            key = next(name for number in range(len(taken) + 1) if (name := f"nobody {number}") not in taken)
            participant.member = participant.member or await self.record.member(key, None, None)
            self._give_voice(participant, stream)

    def modify(self, participant: Participant, sound: SoundFormat) -> None:
        """The sound has another form from here on."""
        participant.options = replace(participant.options, sound=sound)
        if participant.voice is not None:
            participant.voice.change(sound, self._house.clock.time())
        participant.outlet.send(frames.event("session_modified"))

    async def _result(self, participant: Participant, voice: Voice, result: Result) -> None:
        if isinstance(result, Interim):
            self._interim(participant, voice, result)
            return
        if isinstance(result, Lost):
            self._audience.own(participant, frames.lost(result, voice.timeline, participant.user))
            return
        if not result.text.strip():
            return
        async with self._lock:
            member = participant.member
            if self.over or member is None:
                return
            wishes = participant.options.identify, self._audience.anybody(lambda options: options.entities)
            keeping = Keeping(participant.next_message(), *wishes)
            said, row, entities = await self.record.message(member, voice.timeline, result, keeping)
            if self._retelling is not None and voice.tape is not None:
                self._retelling.keep(row, result, voice.tape, participant.options.vocabulary, keeping)
            self._audience.own(participant, frames.final(said, voice.timeline, participant.user))
            self._audience.message(row, sender(member), self.record.conversation)
            news = await self.record.grow(row, member, result.language)
            self._tell(news)
            self._audience.tracked(frames.tracked_message(row, await self.record.track(row, news)), is_final=True)
            self._audience.entities(row, entities)

    def _interim(self, participant: Participant, voice: Voice, result: Interim) -> None:
        shown = replace(result, text=self.record.contents.masked(result.text))
        self._audience.own(participant, frames.interim(shown, voice.timeline, participant.user))
        if participant.options.interim_trackers:
            matches = [
                match
                for match in self.record.contents.tracked(shown.text)
                if (match.tracker.id, match.value) not in participant.tracked
            ]
            participant.tracked.update((match.tracker.id, match.value) for match in matches)
            self._audience.tracked(frames.tracked_interim(participant.message_id, shown.text, matches), is_final=False)

    def _tell(self, news: News) -> None:
        self._audience.news(news, self.record.contents.mood_of)

    # Going out

    async def stop(self, participant: Participant, keep: float | None) -> None:
        """A stop request came. Everything that was said is told before the last frames; `keep` as in `Stopped`."""
        await self._hush([participant])
        async with self._lock:
            if participant not in self._audience.participants:
                return
            if keep is None:
                await self._leave(participant)
                return
            await self._settle()
            self._last_sound = self._house.clock.time()
            participant.kept_until = self._last_sound + keep
            participant.outlet.send(frames.event("recognition_stopped"))

    async def lost(self, participant: Participant) -> None:
        """The socket is gone without a stop request. What it had sent still counts, but no sound of it is held any longer."""
        now = self._house.clock.time()
        await self._hush([participant])
        async with self._lock:
            if participant not in self._audience.participants:
                return
            timeout = participant.options.no_connection_timeout
            if self._retelling is not None and participant.member is not None and participant.kept_until is None:
                self._retelling.forget(participant.member.id)
            if participant.kept_until is not None or len(self._audience.participants) > 1 or timeout == 0:
                await self._leave(participant)
                return
            await self._settle()
            del self._audience.participants[participant]
            await self.record.hold(now + timeout)

    async def _hush(self, participants: Iterable[Participant], within: float | None = None) -> None:
        """Returns when the sound of these has been recognised and told, or `within` seconds from now."""
        heard = [participant for participant in participants if participant.voice is not None]
        voices = [participant.voice for participant in heard if participant.voice is not None]
        now = self._house.clock.time()
        endings = [asyncio.create_task(voice.finish(now)) for voice in voices]
        if not endings:
            return
        _, late = await asyncio.wait(endings, timeout=within)
        for voice, ending in zip(voices, endings, strict=True):
            if ending in late:
                ending.cancel()
                await voice.abort()
        for problem in await asyncio.gather(*endings, return_exceptions=True):
            if isinstance(problem, Exception):
                _logger.error("A recogniser's stream could not be finished.", exc_info=problem)
        for participant in heard:
            participant.voice = None

    async def _settle(self) -> None:
        self._tell(await self.record.settle())

    async def _leave(self, *leaving: Participant, hurried: bool = False) -> None:
        """Under the lock: the last frames, in the order that every client can take; the conversation ends with the last."""
        await self._settle()
        last = len(leaving) == len(self._audience.participants)
        if last:
            self.over = True
            if self._retelling is not None and not hurried and await self._retelling.run(self._told_again):
                await self._settle()
            await self.record.close(self._house.clock.time())
            await self._house.ended(self.record.conversation)
        for participant in leaving:
            del self._audience.participants[participant]
            participant.outlet.send(frames.completed(self.conversation_id))
            if participant.kept_until is None:
                participant.outlet.send(frames.event("recognition_stopped"))
            participant.outlet.close(NORMAL)
        if last:
            for listener in self._audience.listeners:
                listener.send(frames.completed(self.conversation_id))
                listener.close(NORMAL)

    def _told_again(self, done: int, total: int) -> None:
        self._audience.all(frames.second_look(self.conversation_id, done, total))

    # Time

    def tick(self, now: float) -> None:
        """Called a few times a second."""
        if self.over or self._ending:
            return
        for participant in self._audience.participants:
            if participant.voice is not None:
                participant.voice.tick(now)
        if not self._audience.participants:
            deadline = self.record.conversation.resume_until
            if now >= (self._last_sound + ABANDONED_SECONDS if deadline is None else deadline):
                self._end_soon(self._expire(now))
        elif now - self._last_sound >= SILENCE_SECONDS:
            self._end_soon(self.end())
        else:
            tired = [one for one in self._audience.participants if one.kept_until is not None and now >= one.kept_until]
            if tired:
                self._end_soon(self._dismiss(tired))

    def _end_soon(self, work: Coroutine[object, object, None]) -> None:
        self._ending = True
        self._house.spawn(self._then_go_on(work))

    async def _then_go_on(self, work: Coroutine[object, object, None]) -> None:
        try:
            await work
        finally:
            self._ending = False

    async def _expire(self, now: float) -> None:
        async with self._lock:
            deadline = self.record.conversation.resume_until
            if not (self.over or self._audience.participants) and (deadline is None or now >= deadline):
                await self._leave()

    async def _dismiss(self, tired: Iterable[Participant]) -> None:
        async with self._lock:
            now = self._house.clock.time()
            for one in tired:
                still = one in self._audience.participants and one.kept_until is not None and now >= one.kept_until
                if still and not self.over:
                    await self._leave(one)

    async def end(self, within: float | None = None) -> None:
        """End the conversation in order, whoever is in."""
        await self._hush(list(self._audience.participants), within)
        async with self._lock:
            if not self.over:
                await self._leave(*self._audience.participants, hurried=within is not None)

    async def suspend(self) -> None:
        """The engine stops. A conversation that may outlive its sockets is kept for its next ones; any other ends."""
        if not self._audience.participants:
            return
        timeout = max(one.options.no_connection_timeout for one in self._audience.participants)
        if timeout == 0:
            await self.end(HURRY_SECONDS)
            return
        await self._hush(list(self._audience.participants), HURRY_SECONDS)
        async with self._lock:
            if self.over:
                return
            await self._settle()
            await self.record.hold(self._house.clock.time() + timeout)
            self._close(RESTART, "The engine restarts: come back with the same connection id.")

    async def discard(self) -> None:
        """The conversation is being deleted: drop everything at once."""
        async with self._lock:
            self.over = True
            if self._retelling is not None:
                self._retelling.drop()
            for participant in self._audience.participants:
                if participant.voice is not None:
                    await participant.voice.abort()
            self._close(NORMAL, "The conversation was deleted.")

    def _close(self, code: int, reason: str) -> None:
        for outlet in (*(participant.outlet for participant in self._audience.participants), *self._audience.listeners):
            outlet.close(code, reason)
        self._audience.participants.clear()
        self._audience.listeners.clear()
