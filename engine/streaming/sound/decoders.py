"""From encoded sound to 16 kHz mono LINEAR16, one decoder a stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import av
import numpy as np
from av import CodecContext, Packet
from av.audio.codeccontext import AudioCodecContext

from audio.errors import OpusError, UnsupportedFormat
from audio.opus import OpusDecoder
from audio.pcm import SAMPLE_RATE
from audio.resample import Resampler
from engine.errors import BadSound
from engine.streaming.sound import ogg, webm
from engine.streaming.sound.flac import FlacSplitter
from engine.streaming.sound.ogg import OggReader
from engine.streaming.sound.webm import WebmReader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av import AudioFrame

_FLAC_FRAME: Final = (b"\xff\xf8", b"\xff\xf9")


class SoundDecoder(Protocol):
    """Takes what the client sends, gives 16 kHz mono LINEAR16."""

    def decode(self, data: bytes) -> Iterator[bytes]:
        """The sound of a frame of any length, as it becomes complete. Raises `BadSound`; `decode(b"")` goes on behind the fault."""

    def flush(self) -> Iterator[bytes]:
        """What is still held; nothing comes after it."""


class LinearDecoder:
    """LINEAR16 and MULAW at a fixed rate; half samples wait for their other half."""

    def __init__(self, rate: int, *, mulaw: bool) -> None:
        self._mulaw = mulaw
        self._resampler = Resampler(rate)

    def decode(self, data: bytes) -> Iterator[bytes]:
        """See `SoundDecoder`."""
        if self._mulaw:
            data = _MULAW[np.frombuffer(data, np.uint8)].tobytes()
        yield self._resampler.process(data)

    def flush(self) -> Iterator[bytes]:
        """See `SoundDecoder`."""
        yield self._resampler.flush()


class FlacDecoder:
    """FLAC, bare or in Ogg; rate, depth and channels are those that its frames name."""

    def __init__(self) -> None:
        self._splitter = FlacSplitter()
        self._ogg: OggReader | None = None
        self._codec = _flac_codec()
        self._form: tuple[int, int] | None = None
        self._resampler: Resampler | None = None
        self._opening = _Opening(ogg.MAGIC)

    def decode(self, data: bytes) -> Iterator[bytes]:
        """See `SoundDecoder`."""
        data = self._opening.push(data)
        if self._opening.magic and self._ogg is None:
            self._ogg = OggReader()
        if self._ogg is None:
            for frame in self._splitter.push(data):
                yield self._frame(frame)
            return
        for packet in self._ogg.push(data):
            if packet.startswith(_FLAC_FRAME):
                yield self._frame(packet)
            elif packet.startswith(b"OpusHead"):
                raise BadSound("This Ogg stream holds Opus: name Opus as its encoding.")

    def flush(self) -> Iterator[bytes]:
        """See `SoundDecoder`."""
        for frame in self._splitter.flush():
            yield self._frame(frame)
        if self._resampler is not None:
            yield self._resampler.flush()

    def _frame(self, data: bytes) -> bytes:
        try:
            frames = self._codec.decode(Packet(data))
        except (av.FFmpegError, ValueError) as error:
            self._codec = _flac_codec()
            raise BadSound("A FLAC frame is damaged: it was left out.") from error
        return b"".join(self._pcm(frame) for frame in frames)

    def _pcm(self, frame: AudioFrame) -> bytes:
        channels = frame.layout.nb_channels
        samples = frame.to_ndarray()
        if frame.format.is_planar:
            samples = samples.T
        if samples.dtype == np.int32:  # FFmpeg aligns more than 16 bits to the top
            samples = samples.astype(np.int32) >> 16
        tail = b""
        if self._resampler is None or self._form != (frame.sample_rate, channels):
            tail = self._resampler.flush() if self._resampler else b""
            self._form = frame.sample_rate, channels
            try:
                self._resampler = Resampler(*self._form)
            except UnsupportedFormat as error:
                raise BadSound(f"This FLAC stream cannot be taken: {error}") from error
        return tail + self._resampler.process(np.ascontiguousarray(samples, "<i2").tobytes())


class OpusStreamDecoder:
    """Opus: one packet a frame, or an Ogg or WebM stream cut anywhere. libopus gives 16 kHz whatever rate was encoded."""

    def __init__(self) -> None:
        self._decoder = OpusDecoder(SAMPLE_RATE, 1)
        self._reader: OggReader | WebmReader | None = None
        self._opening = _Opening(ogg.MAGIC, webm.MAGIC)
        self._foreign = False

    def decode(self, data: bytes) -> Iterator[bytes]:
        """See `SoundDecoder`."""
        data = self._opening.push(data)
        if self._opening.magic and self._reader is None:
            self._reader = OggReader() if self._opening.magic == ogg.MAGIC else WebmReader()
        if self._reader is None:
            if data:
                yield self._packet(data)
            return
        for packet in self._reader.push(data):
            if packet.startswith(b"\x7fFLAC"):
                self._foreign = True
                raise BadSound("This Ogg stream holds FLAC: name FLAC as its encoding.")
            if packet.startswith(b"OpusHead"):
                self._begin(packet)
            elif not (self._foreign or packet.startswith(b"OpusTags")):
                yield self._packet(packet)

    def flush(self) -> Iterator[bytes]:
        """See `SoundDecoder`."""
        return iter(())

    def _begin(self, head: bytes) -> None:
        """The identification header of RFC 7845, section 5.1."""
        self._foreign = len(head) < 19 or head[18] != 0
        if self._foreign:
            raise BadSound("This Opus stream has more than two channels: send mono.")
        self._decoder.reset()

    def _packet(self, packet: bytes) -> bytes:
        try:
            return self._decoder.decode(packet)
        except OpusError as error:
            raise BadSound("A packet is not Opus: it was left out.") from error


class _Opening:
    """The first bytes of a stream, held until they tell a container from bare sound; `magic` is the container's."""

    def __init__(self, *magics: bytes) -> None:
        self.magic = b""
        self._magics = magics
        self._held = b""
        self._told = False

    def push(self, data: bytes) -> bytes:
        """What can be read now."""
        if self._told:
            return data
        data = self._held + data
        self._told = not any(len(data) < len(magic) and magic.startswith(data) for magic in self._magics)
        if not self._told:
            self._held = data
            return b""
        self._held = b""
        self.magic = next((magic for magic in self._magics if data.startswith(magic)), b"")
        return data


def _flac_codec() -> AudioCodecContext:
    codec = CodecContext.create("flac", "r")
    assert isinstance(codec, AudioCodecContext)
    codec.thread_count = 1  # more would hold frames back
    return codec


def _mulaw_table() -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    """ITU-T G.711 mu-law, byte to 16-bit sample: inverted bits, sign, 3-bit exponent, 4-bit mantissa, bias 132."""
    code = ~np.arange(256, dtype=np.uint8)
    magnitude = (((code & 0x0F).astype(np.int32) << 3) + 132 << ((code & 0x70) >> 4)) - 132
    return np.where(code & 0x80, -magnitude, magnitude).astype("<i2")


_MULAW: Final = _mulaw_table()
