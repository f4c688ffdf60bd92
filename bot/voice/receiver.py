"""The whole way of a voice packet: from the datagram to what each person says. No I/O, no threads; time is passed in."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from bot.voice.decode import Speaker
from bot.voice.events import Joined, Left, VoiceHealth
from bot.voice.unseal import Frame

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.voice.decode import Decoder
    from bot.voice.events import Lost, SpeakerHealth, VoiceEvent
    from bot.voice.unseal import Unsealer

log = logging.getLogger(__name__)

MAX_SPEAKERS: Final = 256
"""People whose sound is held at a time; whoever has been silent longest makes room."""

_LOG_EVERY = 1000


class Speakers:
    """The second half of hearing: frames of known people in, their speech out.

    Args:
        decoder: makes a decoder for one person.
    """

    def __init__(self, decoder: Callable[[], Decoder]) -> None:
        self._decoder = decoder
        self._speakers: dict[int, Speaker] = {}
        self._refused: set[int] = set()
        self.failures = 0
        """Frames that an error kept from being heard."""

    @property
    def active(self) -> bool:
        """Somebody's sound is due without a further packet: `tick` must be called every 20 ms."""
        return any(speaker.active for speaker in list(self._speakers.values()))

    def hear(self, frame: Frame, out: list[VoiceEvent]) -> None:
        """Append what a frame makes heard. Never raises, whatever is in it."""
        user_id = frame.user_id
        if user_id in self._refused:
            return
        try:
            speaker = self._speakers.get(user_id) or self._begin(user_id, out)
            speaker.hear(frame, out)
        except Exception as error:  # noqa: BLE001 - no frame may stop the next one
            self._failed(error)

    def _begin(self, user_id: int, out: list[VoiceEvent]) -> Speaker:
        if len(self._speakers) >= MAX_SPEAKERS:
            longest_silent = min(self._speakers.values(), key=lambda speaker: speaker.health().last_heard or 0.0)
            del self._speakers[longest_silent.user_id]
            longest_silent.flush(out)
        speaker = self._speakers[user_id] = Speaker(user_id, self._decoder())
        return speaker

    def tick(self, now: float) -> list[VoiceEvent]:
        """Time passes: what is due now."""
        out: list[VoiceEvent] = []
        for speaker in self._speakers.values():
            if speaker.active:
                try:
                    speaker.tick(now, out)
                except Exception as error:  # noqa: BLE001 - nobody's sound may stop the others'
                    self._failed(error)
        return out

    def _failed(self, error: Exception) -> None:
        self.failures += 1
        if self.failures % _LOG_EVERY == 1:
            log.warning("somebody's sound could not be heard (%d times so far)", self.failures, exc_info=error)

    def left(self, user_id: int) -> list[VoiceEvent]:
        """Give out the rest of what a person said, and forget them."""
        out: list[VoiceEvent] = []
        speaker = self._speakers.pop(user_id, None)
        if speaker is not None:
            speaker.flush(out)
        return out

    def flush(self) -> list[VoiceEvent]:
        """Give out everything that is held."""
        out: list[VoiceEvent] = []
        for speaker in self._speakers.values():
            speaker.flush(out)
        return out

    def refuse(self, user_id: int) -> None:
        """Nothing of this person is heard from now on; what is held of them is dropped."""
        self._refused.add(user_id)
        self._speakers.pop(user_id, None)

    def accept(self, user_id: int) -> None:
        """The person may be heard again."""
        self._refused.discard(user_id)

    def health(self) -> tuple[SpeakerHealth, ...]:
        """The counters of everybody who is heard."""
        return tuple(speaker.health() for speaker in list(self._speakers.values()))


class Receiver:
    """Both halves in one: packets and what the voice gateway says in, speech out.

    The listener runs them on two threads: `unsealer` on one (under a lock), everything else on the other.
    """

    def __init__(self, unsealer: Unsealer, speakers: Speakers) -> None:
        self.unsealer = unsealer
        self._speakers = speakers
        self._people: set[int] = set()

    @property
    def active(self) -> bool:
        """`tick` must be called every 20 ms."""
        return self._speakers.active

    def receive(self, packet: bytes, now: float) -> list[VoiceEvent]:
        """What a datagram makes heard. Never raises, whatever is in it."""
        return self.hear(self.unsealer.receive(packet, now))

    def hear(self, results: Sequence[Frame | Lost]) -> list[VoiceEvent]:
        """What the first half gave out, heard. Never raises."""
        events: list[VoiceEvent] = []
        for result in results:
            if isinstance(result, Frame):
                self._speakers.hear(result, events)
            else:
                events.append(result)
        return events

    def tick(self, now: float) -> list[VoiceEvent]:
        """Time passes: what is due now. To be called every 20 ms while `active`."""
        return self._speakers.tick(now)

    def joined(self, user_id: int, now: float) -> list[VoiceEvent]:
        """Somebody came into the channel."""
        if user_id in self._people:
            return []
        self._people.add(user_id)
        return [Joined(user_id, now)]

    def left(self, user_id: int, now: float) -> list[VoiceEvent]:
        """Somebody left the channel: the rest of what they said, then `Left`."""
        events = self._speakers.left(user_id)
        if user_id in self._people:
            self._people.discard(user_id)
            events.append(Left(user_id, now))
        return events

    def flush(self) -> list[VoiceEvent]:
        """Give out everything that is held of the people who are known."""
        return self._speakers.flush()

    def refuse(self, user_id: int) -> list[VoiceEvent]:
        """Drop what is held of this person, and what still comes. The unsealer is told apart, so that nothing is decrypted."""
        self._speakers.refuse(user_id)
        return []

    def accept(self, user_id: int) -> list[VoiceEvent]:
        """The person may be heard again."""
        self._speakers.accept(user_id)
        return []

    def health(self, *, connected: bool, encrypted_ready: bool, dropped: int = 0) -> VoiceHealth:
        """The counters now."""
        return VoiceHealth(
            connected=connected,
            encrypted_ready=encrypted_ready,
            people=len(self._people),
            unknown_ssrcs=self.unsealer.unknown_ssrcs,
            dropped_packets=self.unsealer.dropped_packets + dropped,
            bad_packets=self.unsealer.bad_packets + self._speakers.failures,
            speakers=self._speakers.health(),
        )
