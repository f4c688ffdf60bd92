"""What hearing tells the meeting. Times are seconds since the listener began, on its monotonic clock."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Heard:
    """Speech of one person: 16 kHz mono LINEAR16, little-endian.

    Within one burst of speech `at` continues where the last piece ended; pauses shorter than the listener's limit are filled
    with silence, longer ones are not sent and the next piece starts at its own time.
    """

    user_id: int
    at: float
    pcm: bytes


@dataclass(frozen=True, slots=True)
class Lost:
    """Sound that could not be heard: it becomes a gap line in the transcript, never silence or invented text."""

    user_id: int | None
    at: float
    seconds: float
    reason: str


@dataclass(frozen=True, slots=True)
class Joined:
    """Somebody came into the voice channel."""

    user_id: int
    at: float


@dataclass(frozen=True, slots=True)
class Left:
    """Somebody left the voice channel: all their sound has been given out."""

    user_id: int
    at: float


@dataclass(frozen=True, slots=True)
class LinkDown:
    """The voice connection was lost; a reconnect is under way."""

    at: float
    reason: str


@dataclass(frozen=True, slots=True)
class LinkUp:
    """The voice connection is back."""

    at: float


VoiceEvent = Heard | Lost | Joined | Left | LinkDown | LinkUp


@dataclass(frozen=True, slots=True)
class SpeakerHealth:
    """Counters of one person's sound, in 20 ms frames."""

    user_id: int
    received: int = 0
    missing: int = 0
    """Never arrived, or arrived too late."""
    recovered: int = 0
    """Rebuilt from the next packet's forward error correction."""
    concealed: int = 0
    """Filled in by the decoder."""
    undecryptable: int = 0
    last_heard: float | None = None


@dataclass(frozen=True, slots=True)
class VoiceHealth:
    """Whether the bot hears, at a glance."""

    connected: bool
    encrypted_ready: bool
    """The end-to-end session (DAVE) is established, or the server does not ask for one."""
    people: int
    """Other people in the voice channel, bots left out."""
    unknown_ssrcs: int = 0
    dropped_packets: int = 0
    """Dropped at a bound, so that memory cannot grow."""
    bad_packets: int = 0
    speakers: tuple[SpeakerHealth, ...] = field(default=())
