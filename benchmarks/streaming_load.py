"""Fifty sockets in ten conversations, in real time, with a scripted recogniser: is every byte heard, everything told in order, to everybody?

The engine is a program of its own (`benchmarks.scripted`), with its real store and insights; each final names the CRC-32 of all sound
that its socket has sent so far, so a frame that is lost, doubled or out of place shows in every later sentence.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
import zlib
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import websockets
from rich.console import Console
from rich.table import Table

from audio.pcm import BYTES_PER_SECOND
from benchmarks.scripted import SENTENCE_SECONDS, sentence

if TYPE_CHECKING:
    from websockets import ClientConnection

FRAME_SECONDS = 0.1
MOST_MEMORY = 2.0
"""MB that a socket may cost."""


class Program:
    """The engine's process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def ask(self, line: str = "") -> dict[str, Any]:
        """The next JSON line, after a line of ours if there is one."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        if line:
            self._process.stdin.write(line.encode())
            await self._process.stdin.drain()
        answer: dict[str, Any] = json.loads(await self._process.stdout.readline())
        return answer


@dataclass(slots=True)
class Speaker:
    """One socket: what it should say, what it was told."""

    connection: ClientConnection
    name: str
    sound: bytes
    sent: dict[str, float] = field(default_factory=dict)
    """When the last frame of each of its sentences went out."""
    finals: list[str] = field(default_factory=list)
    messages: list[tuple[int, str, str]] = field(default_factory=list)
    """Sequence number, speaker, text of every message of the conversation."""
    delays: list[float] = field(default_factory=list)
    closed: bool = False

    def sentences(self) -> list[str]:
        """What the recogniser says to the sound."""
        size = int(SENTENCE_SECONDS * BYTES_PER_SECOND)
        found, checksum = [], 0
        for number in range(len(self.sound) // size):
            checksum = zlib.crc32(self.sound[number * size : (number + 1) * size], checksum)
            found.append(sentence(number + 1, checksum))
        return found

    async def speak(self, after: float = 0.0) -> None:
        """Send everything as it would be spoken, beginning after some seconds, and stop."""
        await asyncio.sleep(after)
        expected = iter(self.sentences())
        size = int(FRAME_SECONDS * BYTES_PER_SECOND)
        frames_a_sentence = round(SENTENCE_SECONDS / FRAME_SECONDS)
        begin = time.monotonic()
        for number, at in enumerate(range(0, len(self.sound), size), 1):
            await asyncio.sleep(max(0.0, begin + number * FRAME_SECONDS - time.monotonic()))
            if number % frames_a_sentence == 0:
                self.sent[next(expected)] = time.monotonic()
            await self.connection.send(self.sound[at : at + size])
        await self.connection.send('{"type": "stop_request"}')

    async def listen(self) -> None:
        """Note what comes until the engine closes."""
        async for text in self.connection:
            frame = json.loads(text)
            if frame["type"] == "message_response":
                said = frame["messages"][0]
                self.messages.append((frame["sequenceNumber"], said["from"]["name"], said["payload"]["content"]))
                if said["from"]["name"] == self.name:
                    self.delays.append(time.monotonic() - self.sent[said["payload"]["content"]])
            elif frame["type"] == "message":
                if frame["message"]["type"] == "recognition_result" and frame["message"]["isFinal"]:
                    self.finals.append(frame["message"]["punctuated"]["transcript"])
                self.closed = frame["message"]["type"] == "recognition_stopped"


@dataclass(slots=True)
class Outcome:
    """What was measured."""

    sockets: int
    lost: int
    """Sentences that did not come, or with another sum of their sound."""
    untold: int
    """Messages that did not reach one of the sockets of their conversation."""
    disorder: int
    """Messages out of their order."""
    unclosed: int
    memory: float
    """MB a socket, at the most."""
    cpu: float
    """Share of one core."""
    delays: list[float]


async def measure(sockets: int, conversations: int, seconds: float) -> Outcome:
    """One run."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "benchmarks.scripted", folder), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        try:
            return await _run(Program(process), sockets, conversations, seconds)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            await process.wait()


async def _run(program: Program, sockets: int, conversations: int, seconds: float) -> Outcome:
    door = await program.ask()
    async with httpx.AsyncClient(base_url=door["url"]) as http:
        asked = {"type": "application", "appId": door["appId"], "appSecret": door["appSecret"]}
        token = (await http.post("/oauth2/token:generate", json=asked)).json()["accessToken"]
    address = f"{door['url'].replace('http', 'ws')}/v1/streaming/{{}}?access_token={token}"
    dice = np.random.default_rng(1)
    first = await _open(address, "warm-up", "Nobody", 2 * SENTENCE_SECONDS, dice)
    await asyncio.gather(first.listen(), first.speak())
    before = await program.ask("memory\n")

    began = time.monotonic()
    speakers = [
        await _open(address, f"load-{number % conversations}", f"Speaker {number}", seconds, dice) for number in range(sockets)
    ]
    work = asyncio.gather(
        *(one.listen() for one in speakers), *(one.speak(SENTENCE_SECONDS * at / sockets) for at, one in enumerate(speakers))
    )
    most = 0.0
    while not work.done():
        await asyncio.wait({work}, timeout=1.0)
        most = max(most, (await program.ask("memory\n"))["memory"])
    await work
    after = await program.ask("memory\n")
    groups = [speakers[start::conversations] for start in range(conversations)]
    return Outcome(
        sockets=sockets,
        lost=sum(one.finals != one.sentences() for one in speakers),
        untold=sum(_untold(group) for group in groups),
        disorder=sum(_disorder(one) for one in speakers),
        unclosed=sum(not one.closed for one in speakers),
        memory=(most - before["memory"]) / sockets,
        cpu=(after["cpu"] - before["cpu"]) / (time.monotonic() - began),
        delays=[delay for one in speakers for delay in one.delays],
    )


async def _open(address: str, room: str, name: str, seconds: float, dice: np.random.Generator) -> Speaker:
    connection = await websockets.connect(address.format(room), compression=None)
    request = {
        "type": "start_request",
        "trackers": [{"name": "Drafts", "vocabulary": ["the draft"]}],
        "config": {
            "sentiment": True,
            "detectEntities": True,
            "trackers": {"interimResults": True},
            "speechRecognition": {"encoding": "LINEAR16", "sampleRateHertz": 16_000},
        },
        "speaker": {"userId": name, "name": name},
    }
    await connection.send(json.dumps(request))
    while json.loads(await connection.recv())["message"]["type"] != "recognition_started":
        pass
    return Speaker(connection, name, dice.integers(-3_000, 3_000, int(seconds * 16_000)).astype("<i2").tobytes())


def _untold(group: list[Speaker]) -> int:
    """A socket that goes misses what is said later: here that is the last sentence of each of the others at most."""
    told = {text for one in group for _, _, text in one.messages}
    final = {one.sentences()[-1] for one in group}
    return sum(len(told - final - {text for _, _, text in one.messages}) for one in group)


def _disorder(speaker: Speaker) -> int:
    """Messages that do not come as they are counted, and sentences of a speaker that come before an earlier one."""
    numbers = [number for number, _, _ in speaker.messages]
    broken = sum(later != earlier + 1 for earlier, later in pairwise(numbers))
    heard: dict[str, int] = {}
    for _, name, text in speaker.messages:
        number = int(text.split(" number ")[1].split()[0])
        broken += number != heard.get(name, 0) + 1
        heard[name] = number
    return broken


def report(outcome: Outcome, conversations: int, seconds: float) -> bool:
    """The table for people, the last line for programs; whether everything is as it must be."""
    table = Table(title=f"{outcome.sockets} sockets in {conversations} conversations, {seconds:g} s of speech each")
    for heading in ("", "measured", "must be"):
        table.add_column(heading, justify="left" if not heading else "right")
    p50, p95 = (1000 * float(np.percentile(outcome.delays, share)) for share in (50, 95))
    table.add_row("sockets whose sound was not heard to the byte", str(outcome.lost), "0")
    table.add_row("messages that a socket was not told", str(outcome.untold), "0")
    table.add_row("messages out of order", str(outcome.disorder), "0")
    table.add_row("sockets not closed in order", str(outcome.unclosed), "0")
    table.add_row("memory a socket, MB", f"{outcome.memory:.2f}", f"< {MOST_MEMORY:g}")
    table.add_row("last frame of a sentence to its message, ms (median, 95 %)", f"{p50:.0f}, {p95:.0f}", "")
    table.add_row("of one core", f"{100 * outcome.cpu:.0f} %", "")
    Console().print(table)
    faults = outcome.lost + outcome.untold + outcome.disorder + outcome.unclosed
    figures = {
        "benchmark": "streaming_load",
        "sockets": outcome.sockets,
        "conversations": conversations,
        "faults": faults,
        "memory_mb_per_socket": round(outcome.memory, 3),
        "message_ms": {"p50": round(p50, 1), "p95": round(p95, 1)},
        "core_share": round(outcome.cpu, 3),
    }
    print(json.dumps(figures))
    return not faults and not outcome.memory > MOST_MEMORY


def main() -> int:
    """Measure and report; the exit code is 1 where something is not as it must be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sockets", type=int, default=50)
    parser.add_argument("--conversations", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=20.0, help="speech of each socket")
    asked = parser.parse_args()
    outcome = asyncio.run(measure(asked.sockets, asked.conversations, asked.seconds))
    return 0 if report(outcome, asked.conversations, asked.seconds) else 1


if __name__ == "__main__":
    sys.exit(main())
