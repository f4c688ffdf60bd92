"""The bot's half of the API against the real engine, in one process: sockets, rooms, store and insights are real, the recogniser is scripted."""

from __future__ import annotations

import asyncio
import socket
import time
from contextlib import asynccontextmanager
from random import Random
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from audio.pcm import seconds
from bot.clock import SystemClock
from bot.engine_client import EngineClient
from bot.errors import EngineRefused
from bot.meetings.entries import Line, Note
from bot.meetings.meeting import Meeting, MeetingLimits, MeetingTools
from bot.meetings.notice import notice
from bot.meetings.ports import Voice
from bot.meetings.status import State
from bot.streaming.events import Completed, FinalResult, Interim, Sentence, TopicsSeen
from bot.streaming.session import SessionLimits
from bot.voice.events import Heard
from engine.recognition.second_look import SecondLook
from engine.recognition.types import Transcript
from tests.bot.fakes import ANA, BOB, FakePublishers, FakeRoom
from tests.engine.fakes import SENTENCES, OwnClock, pause, say
from tests.engine.recognition.fakes import ScriptedRecogniser
from tests.engine.server import APP, SECRETS, engine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray


class WallClock(OwnClock):
    """The engine's time is the machine's."""

    def time(self) -> float:
        return time.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class Forwarder:
    """One address for engines that come and go."""

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self._open: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def to(self, target: str) -> AsyncIterator[None]:
        """Leads to this address; at the end everybody is cut off."""
        port = int(target.rsplit(":", 1)[1])

        async def visit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            there_reader, there_writer = await asyncio.open_connection("127.0.0.1", port)
            self._open |= {writer, there_writer}
            await asyncio.gather(_pump(reader, there_writer), _pump(there_reader, writer))

        server = await asyncio.start_server(visit, "127.0.0.1", self.port)
        try:
            yield
        finally:
            server.close()
            for writer in self._open:
                writer.transport.abort()
            self._open.clear()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        return
    finally:
        writer.close()


@asynccontextmanager
async def client_of(url: str, secret: str = SECRETS[APP]) -> AsyncIterator[EngineClient]:
    limits = SessionLimits(first_retry=0.02, last_retry=0.05, stop=15.0)
    client = EngineClient(url, APP, SecretStr(secret), clock=SystemClock(), random=Random(1), limits=limits)
    try:
        yield client
    finally:
        await client.close()


def tools(client: EngineClient, publishers: FakePublishers, folder: Path) -> MeetingTools:
    return MeetingTools(client, publishers, folder, SystemClock(), Random(2), notice, MeetingLimits())


def speak(room: FakeRoom, user_id: int, at: float, *numbers: int) -> None:
    for number in numbers:
        sound = say(number) + pause(0.6)
        room.listener.tell(Heard(user_id, at, sound))
        at += seconds(sound)


async def test_one_stream(tmp_path: Path) -> None:
    async with engine(tmp_path, clock=WallClock()) as server, client_of(server.url) as client:
        line = client.line("one", title="Weekly", voice=Voice(ANA, "Ana"), interims=True)
        await line.open()
        line.feed(say(5) + pause(0.6), 0.0)
        assert await line.stop()
        events = [event async for event in line.events()]
        assert any(isinstance(event, Interim) for event in events)
        assert [event.text for event in events if isinstance(event, FinalResult)] == [SENTENCES[5]]
        (said,) = [event for event in events if isinstance(event, Sentence)]
        assert (said.user_id, said.name, said.text) == (str(ANA), "Ana", SENTENCES[5])
        assert abs(said.start.timestamp() - time.time()) < 30
        assert any(isinstance(event, TopicsSeen) for event in events)
        (completed,) = [event for event in events if isinstance(event, Completed)]
        assert completed.conversation_id is not None
        conversation = await client.conversation(completed.conversation_id)
        assert conversation.name == "Weekly"
        assert [member.email for member in await client.members(completed.conversation_id)] == [str(ANA)]


async def test_a_meeting_from_start_to_summary(tmp_path: Path) -> None:
    room, publishers = FakeRoom(), FakePublishers(tmp_path)
    async with engine(tmp_path, clock=WallClock()) as server, client_of(server.url) as client:
        meeting = Meeting(room, "Weekly", tools(client, publishers, tmp_path), frozenset())
        await meeting.start()
        speak(room, ANA, 0.0, 1, 3)
        speak(room, BOB, 0.5, 2, 5)
        await publishers.last.until(lambda: len(publishers.last.added) == 4)
        speak(room, ANA, 3.0, 4)
        await meeting.stop("done")
    assert meeting.state is State.ENDED
    (result,) = publishers.last.results
    assert {(entry.name, entry.text) for entry in result.entries if isinstance(entry, Line)} == {
        ("Ana", SENTENCES[1]),
        ("Bob", SENTENCES[2]),
        ("Ana", SENTENCES[3]),
        ("Bob", SENTENCES[5]),
        ("Ana", SENTENCES[4]),
    }
    assert len(result.entries) == len(publishers.last.added) == 5
    texts = {entry.key: entry.text for entry in result.entries if isinstance(entry, Line)}

    def source(message_ids: list[str]) -> str:
        return texts[result.links[message_ids[0]]]

    assert result.conversation_id is not None
    assert [topic.text for topic in result.topics] == ["release plan"]
    (action,) = result.action_items
    assert action.text.startswith("Ana will send the draft")
    assert action.assignee.name == "Ana"
    assert source(action.message_ids) == SENTENCES[3]
    assert [source(item.message_ids) for item in result.follow_ups] == [SENTENCES[4]]
    assert [source(item.message_ids) for item in result.questions] == [SENTENCES[2]]
    assert result.failure is None


class Larger(ScriptedRecogniser):
    """Hears one more word than the first time, of the sentence about the draft alone."""

    def transcribe(
        self, samples: NDArray[np.float32], *, vocabulary: object = (), language: str = "en", hurried: bool = False
    ) -> Transcript:
        level = round(float(samples.max()) * 32_768 / 1_000)
        return Transcript("I will send the draft today." if level == 3 else SENTENCES[level], -0.01, 0)


async def test_what_a_second_look_corrects_is_told_beside_what_was_posted(tmp_path: Path) -> None:
    room, publishers = FakeRoom(), FakePublishers(tmp_path)
    look = SecondLook(Larger)
    async with engine(tmp_path, clock=WallClock(), second_look=look) as server, client_of(server.url) as client:
        meeting = Meeting(room, "Weekly", tools(client, publishers, tmp_path), frozenset())
        await meeting.start()
        speak(room, ANA, 0.0, 1, 3)
        await publishers.last.until(lambda: len(publishers.last.added) == 2)
        await meeting.stop("done")
    (result,) = publishers.last.results
    lines = {entry.key: entry.text for entry in result.entries if isinstance(entry, Line)}
    assert sorted(lines.values()) == [SENTENCES[1], SENTENCES[3]]
    assert {lines[key]: text for key, text in result.corrections.items()} == {SENTENCES[3]: "I will send the draft today."}
    (action,) = result.action_items
    assert action.text == "Ana will send the draft today by Friday."
    assert lines[result.links[action.message_ids[0]]] == SENTENCES[3]


async def test_a_language_that_the_engine_does_not_know_begins_no_meeting(tmp_path: Path) -> None:
    room, publishers = FakeRoom(), FakePublishers(tmp_path)
    async with engine(tmp_path, clock=WallClock()) as server, client_of(server.url) as client:
        meeting = Meeting(room, "Weekly", tools(client, publishers, tmp_path), frozenset(), "de")
        with pytest.raises(EngineRefused, match="languageCode must be English"):
            await meeting.start()
    assert meeting.state is State.FAILED
    assert meeting.thread is None


async def test_the_engine_is_restarted_in_the_middle_and_the_conversation_goes_on(tmp_path: Path) -> None:
    room, publishers, road = FakeRoom(), FakePublishers(tmp_path), Forwarder()
    async with client_of(road.url) as client:
        meeting = Meeting(room, "Weekly", tools(client, publishers, tmp_path), frozenset())
        async with engine(tmp_path, clock=WallClock()) as server, road.to(server.url):
            await meeting.start()
            publisher = publishers.last
            speak(room, ANA, 0.0, 1)
            await publisher.until(lambda: len(publisher.added) == 1)
            before = meeting.conversation_id
        # The engine is gone. What is said now is held.
        speak(room, ANA, 2.0, 3)
        speak(room, BOB, 2.5, 2)
        async with engine(tmp_path, clock=WallClock()) as server, road.to(server.url):
            await publisher.until(lambda: sum(isinstance(entry, Line) for entry in publisher.added) == 3)
            await meeting.stop("done")
    (result,) = publisher.results
    lines = [entry for entry in result.entries if isinstance(entry, Line)]
    assert sorted((line.name, line.text) for line in lines) == [
        ("Ana", SENTENCES[1]),
        ("Ana", SENTENCES[3]),
        ("Bob", SENTENCES[2]),
    ]
    assert before is not None
    assert result.conversation_id == before
    assert any("speech engine" in entry.text for entry in result.entries if isinstance(entry, Note))


async def test_wrong_credentials_are_named(tmp_path: Path) -> None:
    async with engine(tmp_path, clock=WallClock()) as server, client_of(server.url, secret="wrong") as client:
        with pytest.raises(EngineRefused, match="ENGINE_APP_SECRET"):
            await client.line("one", title="Weekly").open()
