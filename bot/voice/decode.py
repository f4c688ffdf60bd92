"""One person's sound: ordered packets in, 16 kHz mono on a true timeline out, with losses mended where possible and told where not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from audio.errors import OpusError
from audio.pcm import FRAME_SAMPLES, FRAME_SECONDS, SAMPLE_BYTES, SAMPLE_RATE
from bot.voice.events import Heard, Lost, SpeakerHealth
from bot.voice.jitter import RESTART, JitterBuffer
from bot.voice.rtp import CLOCK_RATE

if TYPE_CHECKING:
    from bot.voice.events import VoiceEvent
    from bot.voice.jitter import Ordered
    from bot.voice.unseal import Frame

TELL_LOSS: Final = 25
"""Frames lost in a row from which on the loss is told: half a second. Less is mended in silence."""
PIECE_SAMPLES: Final = 3 * FRAME_SAMPLES
"""Sound is given out in pieces of 60 ms."""
FILL_LIMIT: Final = 2 * SAMPLE_RATE
"""Pauses up to here (in samples) are filled with silence; after a longer one the next piece has its own time."""
SILENT_AFTER: Final = 0.06
"""Seconds without a packet after which a person who had announced their silence is taken to be silent."""
STALLED_AFTER: Final = 0.25
"""The same for a person who was cut off in the middle of speech: the network may be late."""
TRUST: Final = 0.1
"""RTP timestamps are believed when they agree with the clock within so many seconds. Some senders freeze them in pauses."""
MAX_CONCEALED: Final = 5
"""Frames in a row that the decoder may guess; what is missing beyond them is silence."""

_TICKS_PER_SAMPLE = CLOCK_RATE // SAMPLE_RATE
_TRUST_SAMPLES = round(TRUST * SAMPLE_RATE)
_MARGIN = round(0.04 * SAMPLE_RATE)  # filled silence stays so far behind the clock: a packet may still be on its way
_MAX_AHEAD = 2 * SAMPLE_RATE  # a sender who sends faster than time passes is cut off
_SILENCE_BYTES = 3  # Opus packets up to this size hold no speech: Discord's silence frame, DTX frames (RFC 6716, section 2.1.9)
_LONGEST_RUN = 250  # lost frames in a row after which the loss is told though it goes on: five seconds


class Decoder(Protocol):
    """What is used of `audio.opus.OpusDecoder` at 16 kHz mono."""

    def decode(self, packet: bytes) -> bytes:
        """The sound of a packet."""

    def recover(self, next_packet: bytes, samples: int) -> bytes:
        """The lost frame before this packet."""

    def conceal(self, samples: int) -> bytes:
        """A guess at a lost frame."""

    def reset(self) -> None:
        """Forget the past."""


class Speaker:
    """What one person says, whatever SSRC it comes with. Events are appended to the list that each call is given.

    Args:
        user_id: the person.
        decoder: theirs alone.
    """

    __slots__ = (
        "_arrival",
        "_concealed",
        "_decoder",
        "_end",
        "_excess",
        "_filled",
        "_jitter",
        "_lost",
        "_lost_since",
        "_missing",
        "_parts",
        "_pending",
        "_received",
        "_recovered",
        "_samples",
        "_sealed",
        "_ssrc",
        "_timestamp",
        "_undecryptable",
        "_voiced",
        "user_id",
    )

    def __init__(self, user_id: int, decoder: Decoder) -> None:
        self.user_id = user_id
        self._decoder = decoder
        self._jitter: JitterBuffer[Frame] = JitterBuffer()
        self._ssrc: int | None = None
        # The last packet with sound.
        self._timestamp: int | None = None  # None: the next one begins a new sequence
        self._samples = FRAME_SAMPLES
        self._arrival = 0.0
        self._voiced = False
        # The timeline, in samples since the listener began.
        self._end: int | None = None
        self._filled = 0  # silence at the end of it, after the last packet's sound
        self._parts: list[bytes] = []
        self._pending = 0
        # The run of lost frames since the last sound.
        self._lost = 0
        self._lost_since = 0.0
        self._sealed = 0
        self._excess = 0  # samples cut off since that was last told
        # Counters.
        self._received = self._missing = self._recovered = self._concealed = self._undecryptable = 0

    @property
    def active(self) -> bool:
        """Something is due without a further packet: `tick` must be called every 20 ms."""
        return bool(self._pending or self._jitter or self._lost) or (self._end is not None and self._filled < FILL_LIMIT)

    def hear(self, frame: Frame, out: list[VoiceEvent]) -> None:
        """Take in the next frame that came."""
        if frame.ssrc != self._ssrc:
            self._drain(out)
            self._ssrc = frame.ssrc
            self._jitter = JitterBuffer()
        for ordered in self._jitter.push(frame.sequence, frame, frame.arrival):
            self._place(ordered, out)

    def tick(self, now: float, out: list[VoiceEvent]) -> None:
        """Time passes: give up waiting for what is missing, fill a pause while it lasts, so that its silence is heard at once."""
        for ordered in self._jitter.overdue(now):
            self._place(ordered, out)
        if self._lost and now - self._lost_since > _LONGEST_RUN * FRAME_SECONDS:
            self._tell_loss(out)
            self._timestamp = None
        if self._end is None or self._jitter:
            return
        quiet = now - self._arrival
        if quiet > (STALLED_AFTER if self._voiced else SILENT_AFTER):
            room = FILL_LIMIT - self._filled
            count = min(round(now * SAMPLE_RATE) - _MARGIN - self._end, room)
            if count >= PIECE_SAMPLES or count == room > 0:
                self._append(bytes(count * SAMPLE_BYTES), count)
                self._filled += count
        if self._pending and quiet > SILENT_AFTER:
            self._give(out)

    def flush(self, out: list[VoiceEvent]) -> None:
        """Give out everything that is held: the person left, or the listener closes."""
        self._drain(out)
        self._tell_loss(out)
        self._give(out)

    def _drain(self, out: list[VoiceEvent]) -> None:
        for ordered in self._jitter.flush():
            self._place(ordered, out)

    def _place(self, ordered: Ordered[Frame], out: list[VoiceEvent]) -> None:
        missing, frame = ordered
        opus = frame.opus
        if not opus:
            self._pass_over(missing, frame, out)
            return
        if (
            missing
            or self._lost
            or self._timestamp is None
            or (frame.timestamp - self._timestamp) & 0xFFFFFFFF != self._samples * _TICKS_PER_SAMPLE
            or (not self._voiced and frame.arrival - self._arrival > TRUST)
        ):
            self._bridge(missing, frame, opus, out)
        try:
            pcm = self._decoder.decode(opus)
        except OpusError:
            self._lose(1, frame.arrival, sealed=1)
            return
        samples = len(pcm) // SAMPLE_BYTES
        self._received += 1
        self._timestamp = frame.timestamp
        self._samples = samples
        self._arrival = frame.arrival
        self._voiced = len(opus) > _SILENCE_BYTES
        self._filled = 0
        self._append(pcm, samples)
        if self._pending >= PIECE_SAMPLES:
            self._give(out)

    def _pass_over(self, missing: int, frame: Frame, out: list[VoiceEvent]) -> None:
        """A packet without sound: all padding, or not decrypted."""
        if missing == RESTART:
            self._timestamp = None
        sealed = frame.opus is None
        if sealed or missing > 0:
            self._missing += max(0, missing)
            self._lose(sealed + max(0, missing), frame.arrival, sealed=sealed)
        if self._lost >= _LONGEST_RUN:
            self._tell_loss(out)
            self._timestamp = None

    def _lose(self, frames: int, since: float, *, sealed: int) -> None:
        if not self._lost:
            self._lost_since = since
        self._lost += frames
        self._sealed += sealed
        self._undecryptable += sealed

    def _tell_loss(self, out: list[VoiceEvent]) -> None:
        """The run of lost frames is over; a long one is told."""
        if self._lost >= TELL_LOSS:
            reason = "could not be decrypted" if self._sealed * 2 > self._lost else "packets were lost on the way"
            at = self._lost_since if self._timestamp is None or self._end is None else (self._end - self._filled) / SAMPLE_RATE
            self._give(out)
            out.append(Lost(self.user_id, at, self._lost * FRAME_SECONDS, reason))
        self._lost = self._sealed = 0

    def _bridge(self, missing: int, frame: Frame, opus: bytes, out: list[VoiceEvent]) -> None:
        """What lies between the last sound and this packet: nothing, a pause, a loss, or all of them."""
        lost, gap = self._measure(missing, frame)
        if missing > 0 and lost:
            self._missing += missing
            self._lose(missing, frame.arrival, sealed=0)
        clock = round(frame.arrival * SAMPLE_RATE) - FRAME_SAMPLES
        if self._end is None:
            self._tell_loss(out)
            self._end = clock
            return
        told = self._lost >= TELL_LOSS
        self._tell_loss(out)
        spoken = self._end - self._filled
        begin = max(spoken, min(spoken + gap, clock + _TRUST_SAMPLES))
        if gap > FILL_LIMIT:
            self._give(out)
            self._end = max(self._end, begin)
        elif begin > self._end:
            self._fill(begin - self._end, lost, opus)
        if gap > FILL_LIMIT or told or missing == RESTART:
            self._decoder.reset()

    def _measure(self, missing: int, frame: Frame) -> tuple[int, int]:
        """How many frames were lost before this one, and how many samples lie between the last sound and its own."""
        lost = self._lost + max(0, missing)
        if self._end is None:
            return lost, 0
        if self._timestamp is None or missing == RESTART:
            return lost, max(0, round(frame.arrival * SAMPLE_RATE) - FRAME_SAMPLES - self._end + self._filled)
        elapsed = ((frame.timestamp - self._timestamp + 0x80000000) & 0xFFFFFFFF) - 0x80000000
        by_rtp = elapsed // _TICKS_PER_SAMPLE - self._samples
        by_clock = round((frame.arrival - self._arrival) * SAMPLE_RATE) - self._samples
        if lost * FRAME_SAMPLES > by_clock + SAMPLE_RATE:  # more than time allows: the sender began anew
            lost = 0
        late = by_rtp == 0 and not lost and self._voiced  # nobody pauses without saying so: the network was late
        gap = by_rtp if late or abs(by_rtp - by_clock) <= _TRUST_SAMPLES else by_clock
        return lost, max(0, gap)

    def _fill(self, count: int, lost: int, opus: bytes) -> None:
        """Put `count` samples before the packet `opus`: what the decoder can make of the lost frames, silence for the rest."""
        unit = self._samples
        guesses = min(lost, MAX_CONCEALED, count // unit)
        before = [] if self._filled else [self._conceal(unit) for _ in range(guesses - 1)]
        after = self._recover(opus, unit) if guesses else b""
        silent = count - (sum(map(len, before)) + len(after)) // SAMPLE_BYTES
        self._append(b"".join((*before, bytes(silent * SAMPLE_BYTES), after)), count)

    def _conceal(self, samples: int) -> bytes:
        self._concealed += 1
        try:
            return self._decoder.conceal(samples)
        except OpusError:  # nothing to guess from
            return bytes(samples * SAMPLE_BYTES)

    def _recover(self, opus: bytes, samples: int) -> bytes:
        if carries_fec(opus):
            self._recovered += 1
        else:
            self._concealed += 1
        try:
            return self._decoder.recover(opus, samples)
        except OpusError:  # the packet is damaged: decoding it will say so
            return bytes(samples * SAMPLE_BYTES)

    def _append(self, pcm: bytes, samples: int) -> None:
        self._parts.append(pcm)
        self._pending += samples
        self._end = (self._end or 0) + samples

    def _give(self, out: list[VoiceEvent]) -> None:
        if not self._pending or self._end is None:
            return
        begin = self._end - self._pending
        if self._end - self._arrival * SAMPLE_RATE <= FILL_LIMIT + _MAX_AHEAD:
            out.append(Heard(self.user_id, begin / SAMPLE_RATE, b"".join(self._parts)))
        else:
            self._cut(begin, out)
        self._parts.clear()
        self._pending = 0

    def _cut(self, begin: int, out: list[VoiceEvent]) -> None:
        """The sender is far ahead of time: drop the piece, tell it once in a while."""
        self._end = begin
        self._excess += self._pending
        if self._excess >= _LONGEST_RUN * FRAME_SAMPLES:
            out.append(
                Lost(self.user_id, begin / SAMPLE_RATE, self._excess / SAMPLE_RATE, "it came faster than anybody can speak")
            )
            self._excess = 0

    def health(self) -> SpeakerHealth:
        """The counters now."""
        return SpeakerHealth(
            user_id=self.user_id,
            received=self._received,
            missing=self._missing,
            recovered=self._recovered,
            concealed=self._concealed,
            undecryptable=self._undecryptable,
            last_heard=self._arrival if self._received else None,
        )


def carries_fec(packet: bytes) -> bool:
    """Whether a packet of one 20 ms frame or less holds a copy of the frame before it (LBRR; RFC 6716, sections 3.1 and 4.2.4)."""
    toc = packet[0]
    if toc >= 0x80 or toc & 3 or len(packet) < 2:  # CELT has none; several frames in a packet: not looked at
        return False
    first = packet[1]
    if toc < 0x60 and (toc >> 3) % 4 > 1:  # SILK frames of 40 and 60 ms have a flag for each 20 ms before it
        return False
    mono = bool(first & 0x40)
    return mono or bool(toc & 4 and first & 0x10)
