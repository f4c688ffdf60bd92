"""Opus (RFC 6716) there and back, straight on libopus.

A decoder gives the rate that recognition wants (16 kHz mono) at once: libopus leaves out the bands that nobody needs, which is cheaper
than decoding at 48 kHz stereo and resampling. One decoder holds one sender's state and is used by one thread at a time.
"""

from __future__ import annotations

import ctypes
from typing import Final

from audio import libopus
from audio.errors import OpusError, UnsupportedFormat

MAX_PACKET_SECONDS: Final = 0.12
"""The longest packet (RFC 6716, section 3.2.5, R5)."""

_REFERENCE_RATE: Final = 48_000
_MAX_REFERENCE_SAMPLES: Final = 5_760
_MAX_PACKET_BYTES: Final = 1_276  # one frame of 1,275 bytes and its TOC (RFC 6716, section 3.2.1)

_APPLICATION_VOIP: Final = 2048
_RESET_STATE: Final = 4028
_SET_BITRATE: Final = 4002
_SET_INBAND_FEC: Final = 4012
_SET_PACKET_LOSS_PERC: Final = 4014
_SET_DTX: Final = 4016

_SILK_FRAMES: Final = (480, 960, 1_920, 2_880)
_HYBRID_FRAMES: Final = (480, 960)
_CELT_FRAMES: Final = (120, 240, 480, 960)


def _frame_samples(config: int) -> int:
    """Samples of one frame at 48 kHz by the five configuration bits of the TOC (RFC 6716, table 2)."""
    if config < 12:
        return _SILK_FRAMES[config % 4]
    if config < 16:
        return _HYBRID_FRAMES[config % 2]
    return _CELT_FRAMES[config % 4]


_FRAME_SAMPLES_BY_TOC: Final = tuple(_frame_samples(toc >> 3) for toc in range(256))


def packet_samples(packet: bytes, rate: int) -> int:
    """How much sound a packet holds, in samples at `rate`, read off its first two bytes (RFC 6716, sections 3.1 and 3.2).

    Raises:
        OpusError: the packet is empty, has no frames, or would last more than 120 ms.
    """
    if not packet:
        raise OpusError("An empty packet is not Opus.")
    toc = packet[0]
    code = toc & 3
    if code == 3:
        if len(packet) < 2:
            raise OpusError("The Opus packet ends before its frame count.")
        frames = packet[1] & 0x3F
    else:
        frames = 1 if code == 0 else 2
    samples = frames * _FRAME_SAMPLES_BY_TOC[toc]
    if not 0 < samples <= _MAX_REFERENCE_SAMPLES:
        raise OpusError(f"An Opus packet lasts up to 120 ms; this one says {samples / 48:g} ms.")
    return samples * rate // _REFERENCE_RATE


class OpusDecoder:
    """Packets of one sender to s16le PCM.

    Args:
        rate: one of `libopus.RATES`.
        channels: 1 (a stereo sender is mixed down by libopus) or 2, interleaved.
    """

    def __init__(self, rate: int = 16_000, channels: int = 1) -> None:
        _check_format(rate, channels)
        library = libopus.load()
        size = library.opus_decoder_get_size(channels)
        self._memory = ctypes.create_string_buffer(size)
        self._state = ctypes.c_void_p(ctypes.addressof(self._memory))
        _check(library.opus_decoder_init(self._state, rate, channels))
        self._decode = library.opus_decode
        self._ctl = library.opus_decoder_ctl
        self._frame_bytes = 2 * channels
        self._capacity = round(rate * MAX_PACKET_SECONDS)
        self._pcm = ctypes.create_string_buffer(self._capacity * self._frame_bytes)
        self._pcm_address = ctypes.c_void_p(ctypes.addressof(self._pcm))
        self._view = memoryview(self._pcm)

    def decode(self, packet: bytes) -> bytes:
        """The whole packet's sound.

        Raises:
            OpusError: the packet is not Opus; the decoder can go on with the next one.
        """
        if not packet:
            raise OpusError("An empty packet is not Opus.")
        count = self._decode(self._state, packet, len(packet), self._pcm_address, self._capacity, 0)
        if count < 0:
            raise OpusError(f"libopus refused a packet of {len(packet)} bytes: {libopus.reason(count)}.")
        return bytes(self._view[: count * self._frame_bytes])

    def recover(self, next_packet: bytes, samples: int) -> bytes:
        """The lost frame before `next_packet`, from the copy that in-band FEC put into it, else concealed (RFC 6716, section 2.1.7).

        Decode `next_packet` itself afterwards. `samples` per channel: the length of what was lost, a multiple of 2.5 ms.

        Raises:
            OpusError: the packet is not Opus, or `samples` is no length of Opus.
        """
        if not next_packet:
            raise OpusError("An empty packet is not Opus.")
        return self._fill(next_packet, samples)

    def conceal(self, samples: int) -> bytes:
        """A guess at `samples` per channel of lost sound, a multiple of 2.5 ms, that fades out when called again and again (PLC).

        Raises:
            OpusError: `samples` is no length of Opus.
        """
        return self._fill(None, samples)

    def _fill(self, packet: bytes | None, samples: int) -> bytes:
        if not 0 < samples <= self._capacity:
            raise OpusError(f"Between 1 and {self._capacity} samples can be filled at once, not {samples}.")
        count = self._decode(self._state, packet, len(packet or b""), self._pcm_address, samples, 1 if packet else 0)
        if count < 0:
            raise OpusError(f"libopus could not fill {samples} samples: {libopus.reason(count)}.")
        return bytes(self._view[: count * self._frame_bytes])

    def reset(self) -> None:
        """Forget the past, as before a new sender or after a long pause."""
        _check(self._ctl(self._state, _RESET_STATE))


class OpusEncoder:
    """PCM to packets of 20 ms.

    Args:
        rate: one of `libopus.RATES`.
        channels: 1 or 2, interleaved.
        bitrate: bits a second.
        fec: put a coarse copy of each frame into the next packet, if `expected_loss` is above 0.
        expected_loss: per cent.
        dtx: packets of one or two bytes while nobody speaks; they need not be sent.
    """

    def __init__(
        self,
        rate: int = 48_000,
        channels: int = 2,
        *,
        bitrate: int = 64_000,
        fec: bool = True,
        expected_loss: int = 5,
        dtx: bool = False,
    ) -> None:
        _check_format(rate, channels)
        library = libopus.load()
        self._memory = ctypes.create_string_buffer(library.opus_encoder_get_size(channels))
        self._state = ctypes.c_void_p(ctypes.addressof(self._memory))
        _check(library.opus_encoder_init(self._state, rate, channels, _APPLICATION_VOIP))
        settings = {_SET_BITRATE: bitrate, _SET_INBAND_FEC: int(fec), _SET_PACKET_LOSS_PERC: expected_loss, _SET_DTX: int(dtx)}
        for request, value in settings.items():
            _check(library.opus_encoder_ctl(self._state, request, ctypes.c_int32(value)))
        self._encode = library.opus_encode
        self._samples = rate // 50
        self._bytes = self._samples * channels * 2
        self._packet = ctypes.create_string_buffer(_MAX_PACKET_BYTES)
        self._packet_address = ctypes.c_void_p(ctypes.addressof(self._packet))
        self._view = memoryview(self._packet)

    def encode(self, pcm: bytes) -> bytes:
        """One packet from 20 ms of interleaved s16le.

        Raises:
            OpusError: the sound is not 20 ms long.
        """
        if len(pcm) != self._bytes:
            raise OpusError(f"A frame is 20 ms ({self._bytes} bytes); got {len(pcm)}.")
        size = self._encode(self._state, pcm, self._samples, self._packet_address, _MAX_PACKET_BYTES)
        if size < 0:
            raise OpusError(f"libopus could not encode a frame: {libopus.reason(size)}.")
        return bytes(self._view[:size])


def _check_format(rate: int, channels: int) -> None:
    if rate not in libopus.RATES:
        raise UnsupportedFormat(f"Opus has the rates {', '.join(map(str, libopus.RATES))} Hz, not {rate}.")
    if channels not in {1, 2}:
        raise UnsupportedFormat(f"Opus streams have 1 or 2 channels, not {channels}.")


def _check(code: int) -> None:
    if code < 0:
        raise OpusError(f"libopus refused a setting: {libopus.reason(code)}.")
