from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from tests.engine.conversations.test_routes import collection
from tests.engine.fakes import LevelRecognition, pause, say
from tests.engine.jobs.office import Receiver, call, finished, wav
from tests.engine.server import OTHER_APP, WITHIN, engine

if TYPE_CHECKING:
    from pathlib import Path

    from tests.engine.server import Engine

TALK = say(2) + pause(1.0) + say(3) + pause(1.0)


async def test_a_recording_becomes_a_conversation(running: Engine, tmp_path: Path) -> None:
    answer = await call(
        running,
        "POST",
        "/v1/process/audio",
        params={"name": "Call", "customVocabulary": '["acme", "Zoe"]', "languageCode": "en-GB"},
        content=wav(TALK),
        headers={"Content-Type": "audio/wav"},
    )
    assert answer.status_code == 201
    ids = answer.json()
    assert (await finished(running, ids["jobId"]))["status"] == "completed"
    assert running.recognition.streams[0].vocabulary == ("acme", "Zoe")
    first, second = await collection(running, ids["conversationId"], "messages", verbose="true")
    assert (first["text"], first["timeOffset"], len(first["words"])) == ("Who takes the minutes?", 0.0, 4)
    assert (second["text"], second["timeOffset"]) == ("I will send the draft.", 1.5)
    about = (await running.get(f"/{ids['conversationId']}")).json()
    assert (about["name"], about["endTime"]) == ("Call", "2023-11-14T22:13:23.000Z")
    assert len(await collection(running, ids["conversationId"], "action-items")) == 1
    assert list((tmp_path / "engine" / "jobs").iterdir()) == [], "the sound is gone with its job"


@pytest.mark.parametrize("media", ["audio", "video"])
async def test_a_second_recording_follows_the_first(running: Engine, media: str) -> None:
    first = (await call(running, "POST", f"/v1/process/{media}", content=wav(TALK))).json()
    path = f"/v1/process/{media}/{first['conversationId']}"
    second = (await call(running, "PUT", path, content=wav(say(5) + pause()))).json()
    for ids in (first, second):
        assert (await finished(running, ids["jobId"]))["status"] == "completed"
    messages = await collection(running, first["conversationId"], "messages")
    assert [(one["text"], one["timeOffset"]) for one in messages] == [
        ("Who takes the minutes?", 0.0),
        ("I will send the draft.", 1.5),
        ("The release plan is ready.", 3.0),
    ]


async def test_channels_are_speakers(running: Engine) -> None:
    metadata = [
        {"channel": 1, "speaker": {"name": "Jane", "email": "jane@example.com"}},
        {"channel": 2, "speaker": {"name": "Bob"}},
        {"channel": 7, "speaker": {"name": "Nobody"}},
    ]
    params = {"enableSeparateRecognitionPerChannel": "True", "channelMetadata": json.dumps(metadata)}
    sound = wav(say(2) + pause(2.5), pause(1.5) + say(3) + pause(1.0))
    ids = (await call(running, "POST", "/v1/process/audio", params=params, content=sound)).json()
    assert (await finished(running, ids["jobId"]))["status"] == "completed"
    messages = await collection(running, ids["conversationId"], "messages")
    assert [(one["from"]["name"], one["text"], one["timeOffset"]) for one in messages] == [
        ("Jane", "Who takes the minutes?", 0.0),
        ("Bob", "I will send the draft.", 1.5),
    ]
    members = await collection(running, ids["conversationId"], "members")
    assert [(one["name"], one.get("email")) for one in members] == [("Jane", "jane@example.com"), ("Bob", None)]


async def test_long_channels_are_put_in_order(running: Engine) -> None:
    jane = b"".join((say(2) if turn % 2 == 0 else pause()) + pause(9.5) for turn in range(20))
    bob = b"".join((say(3) if turn % 2 == 1 else pause()) + pause(9.5) for turn in range(20))
    params = {"enableSeparateRecognitionPerChannel": "true"}
    ids = (await call(running, "POST", "/v1/process/audio", params=params, content=wav(jane, bob, rate=16_000))).json()
    assert (await finished(running, ids["jobId"]))["status"] == "completed"
    heard = [one.text for one in running.insights[0].heard]
    assert heard == ["Who takes the minutes?", "I will send the draft."] * 10


async def test_files_that_hold_no_sound_fail_with_a_reason(running: Engine, tmp_path: Path) -> None:
    for content in (b"not sound at all", wav(b"")[:20], b"ffconcat version 1.0\nfile engine.db\n"):
        ids = (await call(running, "POST", "/v1/process/audio", content=content)).json()
        job = await finished(running, ids["jobId"])
        assert job["status"] == "failed"
        assert job["reason"].startswith("The file")
        assert str(tmp_path) not in job["reason"]
    assert list((tmp_path / "engine" / "jobs").iterdir()) == []


async def test_sound_that_is_refused_is_not_kept(tmp_path: Path) -> None:
    async with engine(tmp_path, ENGINE_UPLOAD_MB=1) as it:
        for params, content, status in (
            ({}, b"", 400),
            ({}, bytes(1_000_001), 413),
            ({"channelMetadata": "{"}, b"x", 400),
            ({"trackers": '[{"name": 1}]'}, b"x", 400),
            ({"languageCode": "fr-FR"}, b"x", 400),
            ({"confidenceThreshold": "high"}, b"x", 400),
            ({"webhookUrl": "http://localhost/"}, b"x", 400),
        ):
            answer = await call(it, "POST", "/v1/process/audio", params=params, content=content)
            assert (answer.status_code, list(answer.json())) == (status, ["message"])
        assert (await it.http.post("/v1/process/audio", content=b"x")).status_code == 401
        assert (await call(it, "PUT", "/v1/process/audio/1234567890123456", content=b"x")).status_code == 404
        folder = tmp_path / "engine" / "jobs"
        assert not folder.exists() or list(folder.iterdir()) == []


async def test_a_full_engine_makes_the_job_wait_not_fail(tmp_path: Path) -> None:
    recognition = LevelRecognition(room=1)
    taken = recognition.open()
    async with engine(tmp_path, recognition=recognition) as it:
        ids = (await call(it, "POST", "/v1/process/audio", content=wav(TALK))).json()
        async with asyncio.timeout(WITHIN):
            while not any(at - it.clock.now == 2.0 for at, _ in it.clock._sleepers):
                assert (await call(it, "GET", f"/v1/job/{ids['jobId']}")).json()["status"] != "failed"
        await taken.finish()
        it.clock.advance(2.0)
        assert (await finished(it, ids["jobId"]))["status"] == "completed"


@pytest.mark.parametrize("media", ["audio", "video"])
async def test_a_file_at_an_address(tmp_path: Path, media: str) -> None:
    receiver = Receiver()
    receiver.files["/call.wav"] = wav(TALK)
    async with engine(tmp_path, outbound=receiver.outbound()) as it:
        body = {"url": "https://hooks.example.com/call.wav", "name": "From there"}
        ids = (await call(it, "POST", f"/v1/process/{media}/url", json=body)).json()
        assert (await finished(it, ids["jobId"]))["status"] == "completed"
        assert len(await collection(it, ids["conversationId"], "messages")) == 2
        more = {"url": "https://hooks.example.com/missing.wav"}
        ids = (await call(it, "PUT", f"/v1/process/{media}/url/{ids['conversationId']}", json=more)).json()
        job = await finished(it, ids["jobId"])
        assert (job["status"], "404" in job["reason"]) == ("failed", True)
        assert list((tmp_path / "engine" / "jobs").iterdir()) == []


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/x.wav", "https://example.org/x.wav", "file:///etc/passwd"])
async def test_addresses_are_off_unless_the_settings_allow_them(running: Engine, url: str) -> None:
    answer = await call(running, "POST", "/v1/process/audio/url", json={"url": url})
    assert (answer.status_code, list(answer.json())) == (400, ["message"])


async def test_deleting_a_conversation_ends_its_jobs(tmp_path: Path) -> None:
    recognition = LevelRecognition()
    recognition.held = asyncio.Event()
    async with engine(tmp_path, recognition=recognition) as it:
        first = (await call(it, "POST", "/v1/process/audio", content=wav(TALK))).json()
        path = f"/v1/process/audio/{first['conversationId']}"
        second = (await call(it, "PUT", path, content=wav(TALK))).json()
        async with asyncio.timeout(WITHIN):
            while not recognition.streams:
                await call(it, "GET", f"/v1/job/{first['jobId']}")
        answer = await call(it, "DELETE", f"/v1/conversations/{first['conversationId']}", OTHER_APP)
        assert answer.status_code == 404
        answer = await call(it, "DELETE", f"/v1/conversations/{first['conversationId']}")
        assert answer.status_code == 200
        for ids in (first, second):
            assert (await call(it, "GET", f"/v1/job/{ids['jobId']}")).status_code == 404
        assert list((tmp_path / "engine" / "jobs").iterdir()) == []
        assert not recognition.streams[0].open
