"""What hearing costs: a 20 ms frame from the UDP packet to 16 kHz PCM, beside discord.py's own decoder with scipy's resampler.

Both sides get the same packets, with real transport encryption, real DAVE frames, header extensions and padding, and take off the same
layers. They run in turns, so that whatever else the machine does hits both; the medians of the rounds count.

    python -m benchmarks.voice [--speakers 8] [--rounds 15]
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import davey
import discord.opus
import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.signal import resample_poly

from audio import libopus
from audio.files import read_pcm
from audio.opus import OpusDecoder, OpusEncoder
from bot.voice.dave import FrameCipher
from bot.voice.events import Heard
from bot.voice.receiver import Receiver, Speakers
from bot.voice.rtp import parse, strip
from bot.voice.transport import TransportCipher
from bot.voice.unseal import Unsealer
from sandbox.voice.dave import DeliveryService, append_payload
from sandbox.voice.rtp import RtpStream, TransportKey

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

FRAME = 0.02
FRAMES_A_ROUND = 100
MEETINGS = Path(__file__).parent.parent / "sandbox" / "meetings"
CHANNEL, OURS, THEIRS, FIRST_PERSON = 100, 1, 2, 10
SECRET = bytes(range(32))


def main() -> None:
    """Measure, print a table, and the figures as one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--speakers", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    sounds, source = speech(arguments.speakers)
    call = Call(sounds, arguments.rounds + 1)
    ours, theirs, bare = Ours(call), Theirs(call), Bare(call)
    costs: dict[str, list[float]] = {"ours": [], "theirs": [], "bare": []}
    for number in range(arguments.rounds + 1):
        packets, frames = call.round()
        for name, run, work in (("ours", ours.run, packets), ("theirs", theirs.run, packets), ("bare", bare.run, frames)):
            cost = timed(run, work)
            if number:  # the first round warms up
                costs[name].append(cost)
    assert ours.samples == theirs.samples == bare.samples, "the sides did not hear the same"
    report(costs, source, arguments.speakers)


def timed(run: Callable[[Sequence[tuple[int, bytes]]], None], work: Sequence[tuple[int, bytes]]) -> float:
    """Microseconds of processor time for a frame."""
    begin = time.process_time()
    run(work)
    return (time.process_time() - begin) / len(work) * 1e6


def speech(count: int) -> tuple[list[NDArray[np.int16]], str]:
    """Sound for `count` people at 48 kHz, each at another place of the recorded meeting; noise if there is none."""
    files = sorted(MEETINGS.glob("*/*.flac"))
    if files:
        tracks = [read_pcm(file, rate=48_000) for file in files]
        loud = [
            track[np.convolve(np.abs(track[::480]) > 300, np.ones(50), "same").repeat(480)[: len(track)] > 5] for track in tracks
        ]
        return [np.roll(loud[number % len(loud)], -48_000 * 7 * number) for number in range(count)], "recorded speech"
    noise = np.random.default_rng(5)
    return [(noise.standard_normal(48_000 * 20) * 3000).astype(np.int16) for _ in range(count)], "noise"


class Call:
    """People who send packets, and a group with two bots in it: a frame can be decrypted only once by each."""

    def __init__(self, sounds: Sequence[NDArray[np.int16]], rounds: int) -> None:
        people = range(FIRST_PERSON, FIRST_PERSON + len(sounds))
        self.sessions = group([OURS, THEIRS, *people])
        self.key = TransportKey(SECRET)
        self._rng = Random(3)
        self.streams = {user_id: RtpStream(self._rng.randrange(1, 1 << 32), self._rng) for user_id in people}
        self._encoders = {user_id: OpusEncoder() for user_id in people}
        self._sounds = dict(zip(people, sounds, strict=True))
        self._tick = 0
        needed = rounds * FRAMES_A_ROUND * 960
        self._stereo = {u: np.repeat(np.resize(sound, needed), 2).astype("<i2").tobytes() for u, sound in self._sounds.items()}

    def round(self) -> tuple[list[tuple[int, bytes]], list[tuple[int, bytes]]]:
        """The next packets in the order of their arrival (tick, datagram), and the Opus frames in them (person, packet)."""
        packets, frames = [], []
        for _ in range(FRAMES_A_ROUND):
            for user_id, stream in self.streams.items():
                begin = self._tick * 960 * 4
                opus = self._encoders[user_id].encode(self._stereo[user_id][begin : begin + 960 * 4])
                sealed = self.sessions[user_id].encrypt_opus(opus)
                packets.append((self._tick, self.key.seal(stream.packet(sealed, self._tick))))
                frames.append((user_id, opus))
            self._tick += 1
        return packets, frames


def group(user_ids: Sequence[int]) -> dict[int, davey.DaveSession]:
    """An established end-to-end group."""
    service = DeliveryService(CHANNEL)
    sessions = {}
    for user_id in user_ids:
        session = sessions[user_id] = davey.DaveSession(davey.DAVE_PROTOCOL_VERSION, user_id, CHANNEL)
        session.set_external_sender(service.external_sender())
        service.add_key_package(user_id, session.get_serialized_key_package())
    founder, *others = user_ids
    proposals = append_payload([service.propose_add(user_id) for user_id in others])
    offer = sessions[founder].process_proposals(davey.ProposalsOperationType.append, proposals[1:])
    assert offer is not None
    accepted = service.accept_commit(founder, offer.commit + (offer.welcome or b""))
    assert accepted is not None
    sessions[founder].process_commit(accepted.commit)
    for user_id, welcome in accepted.welcomes.items():
        sessions[user_id].process_welcome(welcome)
    return sessions


class Ours:
    """The receiver of the bot: SSRC map, jitter buffer, timeline and all."""

    def __init__(self, call: Call) -> None:
        session = call.sessions[OURS]
        unsealer = Unsealer(TransportCipher(lambda: SECRET), FrameCipher(lambda: session, lambda: True), OURS)
        self._receiver = Receiver(unsealer, Speakers(OpusDecoder))
        for user_id, stream in call.streams.items():
            unsealer.speaking(user_id, stream.ssrc, 0.0)
        self._tick = 0
        self.samples = 0

    def run(self, packets: Sequence[tuple[int, bytes]]) -> None:
        """Hear them, with a tick every 20 ms as the listener does."""
        for tick, packet in packets:
            now = 1.0 + tick * FRAME
            events = self._receiver.receive(packet, now)
            if tick != self._tick:
                self._tick = tick
                events += self._receiver.tick(now)
            self._count(events)
        self._count(self._receiver.flush())

    def _count(self, events: Sequence[object]) -> None:
        for event in events:
            assert isinstance(event, Heard)
            self.samples += len(event.pcm) // 2


class Theirs:
    """The same layers taken off, then `discord.opus.Decoder` (48 kHz stereo) and `scipy.signal.resample_poly` for each frame."""

    def __init__(self, call: Call) -> None:
        discord.opus.load_opus(libopus.path())
        self._session = call.sessions[THEIRS]
        self._transport = TransportCipher(lambda: SECRET)
        self._users = {stream.ssrc: user_id for user_id, stream in call.streams.items()}
        self._decoders = {user_id: discord.opus.Decoder() for user_id in call.streams}  # type: ignore[no-untyped-call] # without annotations in discord.py
        self.samples = 0

    def run(self, packets: Sequence[tuple[int, bytes]]) -> None:
        """Decode them."""
        for _, packet in packets:
            header = parse(packet)
            assert header is not None
            frame = strip(self._transport.open(packet, header.size), header)
            user_id = self._users[header.ssrc]
            opus = self._session.decrypt(user_id, davey.MediaType.audio, frame)
            stereo = np.frombuffer(self._decoders[user_id].decode(opus, fec=False), np.int16).reshape(-1, 2)
            mono = resample_poly(stereo.mean(axis=1), 1, 3)
            pcm = np.clip(np.rint(mono), -32_768, 32_767).astype("<i2").tobytes()
            self.samples += len(pcm) // 2


class Bare:
    """libopus's own decoding to 16 kHz mono, on frames that are decrypted already."""

    def __init__(self, call: Call) -> None:
        self._decoders = {user_id: OpusDecoder() for user_id in call.streams}
        self.samples = 0

    def run(self, frames: Sequence[tuple[int, bytes]]) -> None:
        """Decode them."""
        decoders = self._decoders
        for user_id, opus in frames:
            self.samples += len(decoders[user_id].decode(opus)) // 2


def report(costs: dict[str, list[float]], source: str, speakers: int) -> None:
    """The table for people, the last line for programs."""
    median = {name: statistics.median(values) for name, values in costs.items()}
    titles = {
        "ours": "Minutes, all of hearing",
        "theirs": "opus.Decoder + resample_poly",
        "bare": f"{libopus.version()} alone",
    }
    table = Table(title=f"A 20 ms frame of {source}, {speakers} people, stereo at 64 kbit/s")
    table.add_column("")
    for heading in ("median µs", "best", "worst", "people on a core"):
        table.add_column(heading, justify="right")
    for name, title in titles.items():
        figures = (median[name], min(costs[name]), max(costs[name]))
        table.add_row(title, *(f"{figure:.1f}" for figure in figures), f"{FRAME * 1e6 / median[name]:.0f}")
    Console().print(table)
    figures_for_programs = {
        "benchmark": "voice",
        "speakers_per_core": round(FRAME * 1e6 / median["ours"]),
        "speakers_ratio": round(median["theirs"] / median["ours"], 2),
        "cost_over_libopus": round(median["ours"] / median["bare"], 2),
        "frame_us": {name: round(value, 2) for name, value in median.items()},
    }
    print(json.dumps(figures_for_programs))


if __name__ == "__main__":
    main()
