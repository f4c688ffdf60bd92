"""A conversation of eight hours, 10,000 messages of four people, at simulated speed: the engine's memory, and how fast it answers.

Only hearing is scripted; sockets, messages, insights and the database are the engine's own. Answers are read whole, by a program
of its own, as a client would.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import http.client
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import websockets
from rich.console import Console
from rich.table import Table

from benchmarks.conversations_engine import APP_ID, APP_SECRET, SPACING
from wire.tokens import TOKEN_PATH

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PEOPLE = ("Jane", "Bob", "Eve", "Tom")
FRAME = b"\x01\x00" * 320
LIMIT_MS = 200.0
RUNS = 5
TRANSCRIPT = {"createParagraphs": True, "showSpeakerSeparation": True, "phrases": {"highlightAllKeyPhrases": True}}
ASKED: tuple[tuple[str, str, dict[str, Any] | None], ...] = (
    ("GET", "", None),
    ("GET", "/messages", None),
    ("GET", "/messages?verbose=true&sentiment=true", None),
    ("GET", "/topics?parentRefs=true", None),
    ("GET", "/topics?sentiment=true", None),
    ("GET", "/topics?customTopicVocabulary=release,login,survey", None),
    ("GET", "/action-items", None),
    ("GET", "/follow-ups", None),
    ("GET", "/questions", None),
    ("GET", "/insights", None),
    ("GET", "/members", None),
    ("GET", "/entities", None),
    ("GET", "/trackers-detected", None),
    ("GET", "/analytics", None),
    ("GET", "/summary", None),
    ("GET", "/summary?refresh=true", None),
    ("POST", "/transcript", {"contentType": "text/markdown", **TRANSCRIPT}),
    ("POST", "/transcript", {"contentType": "text/srt", "showSpeakerSeparation": True}),
    ("POST", "/transcript", {"contentType": "application/json"}),
    ("PUT", "", {"metadata": {"team": "platform"}}),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """How one address answered: milliseconds of each run, the engine's own work in each on average, and the size of the answer."""

    label: str
    milliseconds: tuple[float, ...]
    work: float
    size: int


class Client:
    """Asks by one connection."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        body = {"type": "application", "appId": APP_ID, "appSecret": APP_SECRET}
        self.token = json.loads(self.ask("POST", TOKEN_PATH, body, None))["accessToken"]
        self._connection.close()  # the engine would do so, while the conversation is held

    def ask(self, method: str, path: str, body: dict[str, Any] | None, token: str | None) -> bytes:
        """The whole answer."""
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        self._connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status >= 300:
            sys.exit(f"{method} {path} was answered {answer.status}: {content[:200]!r}")
        return content

    def measure(self, conversation_id: str, pid: int) -> list[Answer]:
        """Every address in turn, several times."""
        found: list[Answer] = []
        for method, path, body in ASKED:
            times: list[float] = []
            content = b""
            worked = processor_time(pid)
            for _ in range(RUNS):
                began = time.perf_counter()
                content = self.ask(method, f"/v1/conversations/{conversation_id}{path}", body, self.token)
                times.append(1_000 * (time.perf_counter() - began))
            kind = f" {body['contentType']}" if body and "contentType" in body else ""
            work = 1_000 * (processor_time(pid) - worked) / RUNS
            found.append(Answer(f"{method} {path or '/{id}'}{kind}", tuple(times), work, len(content)))
        return found


def resident(pid: int) -> float:
    """Megabytes that a process has in memory."""
    status = Path(f"/proc/{pid}/status")
    if status.exists():
        line = next(line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1_000
    shown = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, check=True, text=True)  # noqa: S607 - the system's own
    return int(shown.stdout) / 1_000


def processor_time(pid: int) -> float:
    """Seconds that a process has had a processor for; not a number where the system does not say."""
    status = Path(f"/proc/{pid}/stat")
    if not status.exists():
        return float("nan")
    user, system = status.read_text(encoding="ascii").rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@contextlib.asynccontextmanager
async def _engine(folder: Path) -> AsyncIterator[tuple[str, int]]:
    """The engine as a program of its own: its address and its process id."""
    command = (sys.executable, "-m", "benchmarks.conversations_engine", os.fspath(folder))
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        yield (await process.stdout.readline()).decode().strip(), process.pid
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.wait()


class Speaker:
    """One person's socket. Everybody's messages come to it; it counts its own."""

    def __init__(self, name: str, connection: websockets.ClientConnection) -> None:
        self.name = name
        self.conversation_id = ""
        self._connection = connection
        self._heard = asyncio.Semaphore(0)
        self._started = asyncio.Event()
        self._reader = asyncio.create_task(self._read())

    async def start(self) -> None:
        """Join the meeting."""
        speaker = {"userId": f"{self.name.lower()}@example.com", "name": self.name}
        config = {"sentiment": True, "detectEntities": True, "meetingTitle": "A long day"}
        trackers = [{"name": "Plans", "vocabulary": ["release plan", "billing report"]}]
        request = {"type": "start_request", "speaker": speaker, "config": config, "trackers": trackers}
        await self._connection.send(json.dumps(request))
        await self._started.wait()

    async def say(self) -> None:
        """A sentence, and wait until it is a message."""
        await self._connection.send(FRAME)
        await self._heard.acquire()

    async def stop(self) -> None:
        """Leave in order."""
        await self._connection.send('{"type": "stop_request"}')
        await self._reader

    async def _read(self) -> None:
        async for text in self._connection:
            frame = json.loads(text)
            if frame["type"] == "message_response":
                if frame["messages"][0]["from"]["name"] == self.name:
                    self._heard.release()
            elif frame["type"] == "message" and frame["message"]["type"] == "conversation_created":
                self.conversation_id = frame["message"]["data"]["conversationId"]
                self._started.set()


async def talk(url: str, token: str, pid: int, messages: int) -> tuple[str, list[tuple[int, float]]]:
    """Hold the conversation; its id, and the engine's memory after each tenth of it."""
    memory: list[tuple[int, float]] = []
    address = f"{url.replace('http', 'ws')}/v1/streaming/a-long-day?access_token={token}"
    async with contextlib.AsyncExitStack() as stack:
        people: list[Speaker] = []
        for name in PEOPLE:
            connection = await stack.enter_async_context(websockets.connect(address, compression=None, max_queue=None))
            people.append(Speaker(name, connection))
            await people[-1].start()
        for number in range(1, messages + 1):
            await people[number % len(people)].say()
            if number % max(1, messages // 10) == 0:
                memory.append((number, resident(pid)))
        for person in people:
            await person.stop()
    return people[0].conversation_id, memory


def report(messages: int, seconds: float, memory: list[tuple[int, float]], answers: list[Answer], growth: float) -> None:
    """The tables for people, the last line for programs."""
    table = Table(title=f"{messages} messages, {messages * SPACING / 3_600:.1f} hours, kept in {seconds:.0f} s")
    table.add_column("")
    for heading in ("median ms", "worst", "of it work", "kB"):
        table.add_column(heading, justify="right")
    for answer in answers:
        figures = (
            f"{statistics.median(answer.milliseconds):.0f}",
            f"{max(answer.milliseconds):.0f}",
            f"{answer.work:.0f}",
            f"{answer.size / 1_000:.0f}",
        )
        table.add_row(answer.label, *figures)
    console = Console(width=110)
    console.print(table)
    console.print("memory in MB after messages: " + ", ".join(f"{number}: {size:.0f}" for number, size in memory))
    medians = {answer.label: round(statistics.median(answer.milliseconds), 1) for answer in answers}
    figures_for_programs = {
        "benchmark": "conversations",
        "messages": messages,
        "hours": round(messages * SPACING / 3_600, 2),
        "memory_mb": [round(size, 1) for _, size in memory],
        "memory_growth_after_half_mb": round(growth, 1),
        "slowest_median_ms": max(medians.values()),
        "slowest_ms": round(max(max(answer.milliseconds) for answer in answers), 1),
        "answers_ms": medians,
        "most_work_ms": round(max(answer.work for answer in answers), 1),
    }
    print(json.dumps(figures_for_programs))


async def run(messages: int) -> int:
    """Measure; 1 if an answer takes too long even in its least disturbed run."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        async with _engine(Path(folder)) as (url, pid):
            client = Client(url)
            began = time.perf_counter()
            conversation_id, memory = await talk(url, client.token, pid, messages)
            seconds = time.perf_counter() - began
            answers = await asyncio.to_thread(client.measure, conversation_id, pid)
    growth = memory[-1][1] - memory[len(memory) // 2 - 1][1]
    report(messages, seconds, memory, answers, growth)
    return int(any(min(answer.milliseconds) > LIMIT_MS for answer in answers))


def main() -> None:
    """Read the arguments, hold the conversation, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=10_000)
    sys.exit(asyncio.run(run(parser.parse_args().messages)))


if __name__ == "__main__":
    main()
