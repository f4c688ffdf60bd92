"""What happens while a meeting runs: sound to the engine, sentences, gaps and notes to the scribe.

All times are seconds since the meeting began.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from bot.meetings.entries import Gap, Line
from bot.meetings.gaps import GapKeeper, Loss
from bot.meetings.ports import Voice
from bot.meetings.reconcile import discord_id
from bot.meetings.speakers import Speakers
from bot.meetings.watch import DeafnessWatch, Outage
from bot.streaming import events as stream
from bot.voice.events import Heard, Joined, Left, LinkDown, LinkUp, Lost

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from bot.clock import Clock
    from bot.errors import EngineError
    from bot.meetings.ports import Room, SpeechLine
    from bot.meetings.scribe import Scribe
    from bot.voice.events import VoiceEvent, VoiceHealth

log = logging.getLogger(__name__)


class Floor:
    """`began_at` and `began`: the meeting's first moment on the wall and on the monotonic clock. `refused` is looked at, not copied."""

    def __init__(
        self,
        room: Room,
        scribe: Scribe,
        open_line: Callable[[Voice], SpeechLine],
        clock: Clock,
        *,
        began_at: datetime,
        began: float,
        refused: AbstractSet[int],
    ) -> None:
        self._room = room
        self._scribe = scribe
        self._open_line = open_line
        self._clock = clock
        self._began_at = began_at
        self._began = began
        self._refused = refused
        self.speakers = Speakers(self._open, clock, self.told, self._trouble)
        self.lag: float | None = None
        """Seconds from the end of the last sentence to its line."""
        self._origin: float | None = None
        self._gaps = GapKeeper()
        self._gap_count = 0
        self._engine_outage = Outage("The connection to the speech engine")
        self._link_outage = Outage("The voice connection")
        self._deafness = DeafnessWatch()
        self._looked_again = False

    def now(self) -> float:
        """Seconds since the meeting began."""
        return self._clock.monotonic() - self._began

    def heard(self, event: VoiceEvent) -> None:
        """Something from the voice channel."""
        at = self._time_of(event)
        match event:
            case Heard(user_id=user_id, pcm=pcm):
                if user_id not in self._refused:
                    self.speakers.hear(user_id, pcm, at)
                    self.note(self._deafness.heard(self.now()))
            case Lost(user_id=user_id, seconds=seconds, reason=reason):
                if user_id not in self._refused:
                    self._deafness.lost()
                    self._say_gaps(self._gaps.lost(Loss(user_id, at, at + seconds, seconds, reason)))
            case Left(user_id=user_id):
                self.speakers.left(user_id)
            case LinkDown():
                self._link_outage.began(self.now())
            case LinkUp():
                self.note(self._link_outage.ended(self.now()))
            case Joined():
                pass

    def told(self, voice: Voice | None, event: stream.StreamEvent) -> None:
        """The engine speaks, on the anchor (no voice) or on somebody's stream; sentences come on every one of them."""
        match event:
            case stream.Sentence():
                self._sentence(event)
            case stream.ConversationCreated(conversation_id):
                self._scribe.conversation(conversation_id)
            case stream.Dropped(at, seconds, reason):
                user_id = voice.user_id if voice else None
                self._say_gaps(self._gaps.lost(Loss(user_id, at, at + seconds, seconds, reason)))
            case stream.Lost() if voice is None:
                self._engine_outage.began(self.now())
            case stream.Regained() if voice is None:
                self.note(self._engine_outage.ended(self.now()))
            case stream.SecondLook(done, total) if voice is None and done and not self._looked_again:
                self._looked_again = True
                self.note(f"I read again what was hard to understand: {done} of {total} lines so far. The summary follows.")
            case _:
                pass

    def tick(self, health: VoiceHealth) -> None:
        """Time has passed."""
        now = self.now()
        self.speakers.tick(now)
        self._say_gaps(self._gaps.over(now))
        for text in (self._engine_outage.tick(now), self._link_outage.tick(now), self._deafness.tick(now, health)):
            self.note(text)

    async def refuse(self, user_id: int) -> None:
        """Somebody said no: their stream ends at once."""
        await self.speakers.drop(user_id)

    async def finish(self) -> bool:
        """End every stream and wait for the last words. False: the engine did not confirm them all."""
        confirmed = await self.speakers.finish()
        self._say_gaps(self._gaps.flush())
        return confirmed

    def add(self, line: Line) -> None:
        """A line that came by another way."""
        if line.user_id not in self._refused:
            name = self._room.name_of(line.user_id) if line.user_id is not None else line.name
            self._scribe.say(line.model_copy(update={"name": name}))

    def note(self, text: str | None) -> None:
        """Tell the readers; None: there is nothing to tell."""
        if text is not None:
            self._scribe.note(self.now(), text)

    def _sentence(self, sentence: stream.Sentence) -> None:
        user_id = discord_id(sentence.user_id)
        if user_id in self._refused:
            return
        start, end = self._span(user_id, sentence)
        line = Line(
            key=sentence.key,
            user_id=user_id,
            name=self._room.name_of(user_id) if user_id is not None else sentence.name or "Somebody",
            start=start,
            end=end,
            text=sentence.text,
        )
        if self._scribe.say(line):
            self.lag = max(0.0, (self._clock.now() - sentence.end).total_seconds())

    def _span(self, user_id: int | None, sentence: stream.Sentence) -> tuple[float, float]:
        """When it was spoken. The engine counts from the arrival of the sound, which may have been held for a while."""
        length = max(0.0, (sentence.end - sentence.start).total_seconds())
        held = self.speakers.heard_at(user_id, sentence.start) if user_id is not None else None
        start = (sentence.start - self._began_at).total_seconds() if held is None else held
        # Nothing is told before it has been said: the rest of such a lead is a difference of clocks.
        start = max(0.0, min(start, self.now() - length))
        return start, start + length

    def _time_of(self, event: VoiceEvent) -> float:
        """The listener's clock began at most `now - at` ago; the piece that was delivered fastest says when."""
        began = self.now() - event.at
        self._origin = began if self._origin is None else min(self._origin, began)
        return max(0.0, self._origin + event.at)

    def _open(self, user_id: int) -> tuple[Voice, SpeechLine]:
        voice = Voice(user_id, self._room.name_of(user_id))
        return voice, self._open_line(voice)

    def _trouble(self, voice: Voice, error: EngineError) -> None:
        log.warning("no stream for user %d: %s", voice.user_id, error)
        self.note(f"{voice.name} cannot be transcribed at the moment; I keep trying. {error}")

    def _say_gaps(self, losses: list[Loss]) -> None:
        for loss in losses:
            self._gap_count += 1
            self._scribe.say(
                Gap(
                    key=f"gap-{self._gap_count}",
                    user_id=loss.user_id,
                    name=self._room.name_of(loss.user_id) if loss.user_id is not None else "everybody",
                    start=loss.start,
                    seconds=round(loss.seconds, 1),
                    reason=loss.reason,
                )
            )
