from __future__ import annotations

import json
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from sandbox.errors import SandboxError
from sandbox.people.script import Meeting, play
from tests.sandbox.voice.conftest import Stage, certificate, number, stage

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["certificate", "stage"]

RATE, CHANNEL, BOT = 16_000, 300, 400
IDS = {"ana": 500, "ben": 501, "cleo": 502}
TURNS = [("ana", 0.2, 0.7), ("ben", 0.9, 1.4), ("ana", 1.6, 2.0), ("cleo", 2.4, 2.9), ("ben", 2.6, 3.0)]


def write_flac(path: Path, pcm: NDArray[np.int16]) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("flac", rate=RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(pcm.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = RATE
        container.mux([*stream.encode(frame), *stream.encode(None)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    turns = [{"n": n, "speaker": s, "start": a, "end": b, "text": f"Turn {n}."} for n, (s, a, b) in enumerate(TURNS)]
    script = {"title": "Sync", "names": {s: s.title() for s in IDS}, "sample_rate": RATE, "turns": turns}
    (tmp_path / "meeting.json").write_text(json.dumps(script), encoding="utf-8")
    time = np.arange(round(3.2 * RATE)) / RATE
    for index, speaker in enumerate(IDS):
        spoken = np.zeros(len(time), bool)
        for name, start, end in TURNS:
            if name == speaker:
                spoken |= (time >= start) & (time < end)
        sound = 8000 * np.sin(2 * np.pi * (300 + 200 * index) * time) * spoken
        write_flac(tmp_path / f"{speaker}.flac", sound.astype(np.int16))
    return tmp_path


def test_load(folder: Path) -> None:
    meeting = Meeting.load(folder)
    assert (meeting.title, meeting.names["cleo"], len(meeting.turns)) == ("Sync", "Cleo", 5)
    sound = meeting.sound(meeting.turns[3])
    assert len(sound) == RATE // 2
    assert np.abs(sound).max() > 7000


@pytest.mark.parametrize(
    ("broken", "complaint"),
    [
        ("not json", "is no meeting"),
        ('{"names": {}}', "is no meeting"),
        ('{"names": {}, "sample_rate": 16000, "turns": [{"n": 0, "speaker": "eve", "start": 0, "end": 1, "text": ""}]}', "eve"),
        ('{"names": {"eve": "Eve"}, "sample_rate": 16000, "turns": []}', "eve.flac"),
    ],
)
def test_a_broken_meeting_is_named(folder: Path, broken: str, complaint: str) -> None:
    (folder / "meeting.json").write_text(broken, encoding="utf-8")
    with pytest.raises(SandboxError, match=complaint):
        Meeting.load(folder)


def test_no_meeting_at_all(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="cannot be read"):
        Meeting.load(tmp_path / "nowhere")


async def test_everybody_is_on_one_clock(stage: Stage, folder: Path) -> None:
    server = await stage.server()
    await (await stage.client(server, BOT, CHANNEL)).connect()
    await play(Meeting.load(folder), server, CHANNEL, IDS)
    turns = [event["number"] for event in server.log.of("people.turn")]
    said = dict(zip(turns, server.log.of("voice.said"), strict=True))
    offsets = [number(said[n], "began") - start for n, (_, start, _) in enumerate(TURNS)]
    assert max(offsets) - min(offsets) < 0.06
    lengths = [
        number(said[n], "ended") - number(said[n], "began") - (end - start - 0.02) for n, (_, start, end) in enumerate(TURNS)
    ]
    assert max(map(abs, lengths)) < 0.06
    assert {event["unsent"] for event in said.values()} == {0}


async def test_a_part_of_it_with_people_who_come_late_and_leave_early(stage: Stage, folder: Path) -> None:
    server = await stage.server()
    client = await (await stage.client(server, BOT, CHANNEL)).connect()
    calls = []

    async def join(user_id: int) -> None:
        calls.append(("join", user_id))
        await server.join(CHANNEL, user_id)

    async def leave(user_id: int) -> None:
        calls.append(("leave", user_id))
        await server.leave(user_id)

    await server.join(CHANNEL, IDS["ben"])
    await play(
        Meeting.load(folder),
        server,
        CHANNEL,
        IDS,
        from_turn=1,
        to_turn=4,
        join_late={"cleo": 3},
        leave_early={"ana": 2},
        join=join,
        leave=leave,
    )
    assert sorted(number(event, "number") for event in server.log.of("people.turn")) == [1, 2, 3]
    assert calls == [("join", IDS["ana"]), ("join", IDS["cleo"]), ("leave", IDS["ana"])]
    assert server.channel_of(IDS["ana"]) is None
    await client.until(lambda: set(client.heard) == set(IDS.values()))


@pytest.mark.parametrize(("ids", "first", "complaint"), [({"ana": 1, "ben": 2}, 0, "cleo"), (IDS, 5, "no turn")])
async def test_what_cannot_be_played(stage: Stage, folder: Path, ids: dict[str, int], first: int, complaint: str) -> None:
    server = await stage.server()
    with pytest.raises(SandboxError, match=complaint):
        await play(Meeting.load(folder), server, CHANNEL, ids, from_turn=first)
