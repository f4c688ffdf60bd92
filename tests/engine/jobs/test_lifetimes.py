"""Jobs and webhooks over failures and restarts."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from engine.jobs.webhooks import RETRY_SECONDS, signature
from tests.engine.conversations.test_routes import collection
from tests.engine.fakes import LevelRecognition, OwnClock, pause, say
from tests.engine.jobs.office import HOOK, Receiver, call, finished, text, wav
from tests.engine.server import APP, SECRETS, WITHIN, engine

if TYPE_CHECKING:
    from pathlib import Path

    from tests.engine.server import Engine

TALK = say(2) + pause(1.0) + say(3) + pause(1.0)


async def test_a_webhook_is_told_of_every_change_and_can_check_who_tells(tmp_path: Path) -> None:
    receiver = Receiver()
    async with engine(tmp_path, outbound=receiver.outbound()) as it:
        ids = await text(it, ("Jane", "Hello."), webhookUrl=HOOK)
        told = await receiver.called(3)
        assert told == [{"jobId": ids["jobId"], "status": status} for status in ("scheduled", "in_progress", "completed")]
        for request in receiver.calls:
            timestamp = request.headers["x-minutes-timestamp"]
            assert timestamp == str(int(it.clock.now))
            assert request.headers["x-minutes-signature"] == signature(SECRETS[APP], timestamp, request.content)
            assert (request.headers["host"], request.headers["content-type"]) == ("hooks.example.com", "application/json")


async def retried(it: Engine) -> None:
    """Wait until a webhook waits for its next try, then let that time pass."""
    async with asyncio.timeout(WITHIN):
        while not (waits := [at for at, waiting in it.clock._sleepers if at - it.clock.now >= 2.0 and not waiting.done()]):
            await it.http.get("/health")
    it.clock.advance(min(waits) - it.clock.now)


async def test_a_webhook_that_fails_is_told_again_later_and_in_order(tmp_path: Path) -> None:
    receiver = Receiver(refuse=2)
    async with engine(tmp_path, outbound=receiver.outbound()) as it:
        ids = await text(it, ("Jane", "Hello."), webhookUrl=HOOK)
        await finished(it, ids["jobId"])
        await receiver.called(1)
        await retried(it)
        await receiver.called(2)
        await retried(it)
        told = await receiver.called(5)
        assert [one["status"] for one in told] == ["scheduled"] * 3 + ["in_progress", "completed"]


async def test_news_that_nobody_takes_is_dropped_after_the_last_try(tmp_path: Path) -> None:
    receiver = Receiver(refuse=1 + len(RETRY_SECONDS))
    async with engine(tmp_path, outbound=receiver.outbound()) as it:
        await text(it, ("Jane", "Hello."), webhookUrl=HOOK)
        for number in range(len(RETRY_SECONDS)):
            await receiver.called(number + 1)
            await retried(it)
        told = await receiver.called(3 + len(RETRY_SECONDS))
        assert [one["status"] for one in told[-2:]] == ["in_progress", "completed"]


async def test_what_a_webhook_was_not_told_is_told_after_a_restart(tmp_path: Path) -> None:
    clock, receiver = OwnClock(), Receiver(refuse=1)
    async with engine(tmp_path, clock=clock, outbound=receiver.outbound()) as it:
        ids = await text(it, ("Jane", "Hello."), webhookUrl=HOOK)
        await finished(it, ids["jobId"])
        await receiver.called(1)
    clock.advance(60)
    async with engine(tmp_path, clock=clock, outbound=receiver.outbound()):
        assert [one["status"] for one in await receiver.called(4)] == ["scheduled", "scheduled", "in_progress", "completed"]


async def interrupted(folder: Path, clock: OwnClock, content: bytes | None) -> dict[str, str]:
    """An engine that is stopped while it works on a job; `content` is handed over first, else the job of before is run."""
    recognition = LevelRecognition()
    recognition.held = asyncio.Event()
    ids: dict[str, str] = {}
    async with engine(folder, clock=clock, recognition=recognition) as it:
        if content is not None:
            ids = (await call(it, "POST", "/v1/process/audio", content=content)).json()
        async with asyncio.timeout(WITHIN):
            while not (recognition.streams and not recognition.streams[0].open):
                await it.http.get("/health")
    return ids


async def test_a_job_that_was_interrupted_is_run_again_and_says_nothing_twice(tmp_path: Path) -> None:
    clock = OwnClock()
    ids = await interrupted(tmp_path, clock, wav(TALK))
    async with engine(tmp_path, clock=clock) as it:
        assert (await finished(it, ids["jobId"]))["status"] == "completed"
        messages = await collection(it, ids["conversationId"], "messages")
        assert [one["text"] for one in messages] == ["Who takes the minutes?", "I will send the draft."]
        assert len(await collection(it, ids["conversationId"], "action-items")) == 1


async def test_a_job_that_is_interrupted_twice_fails(tmp_path: Path) -> None:
    clock = OwnClock()
    ids = await interrupted(tmp_path, clock, wav(TALK))
    await interrupted(tmp_path, clock, None)
    async with engine(tmp_path, clock=clock) as it:
        job = await finished(it, ids["jobId"])
        assert job["status"] == "failed"
        assert "twice" in job["reason"]
        assert list((tmp_path / "engine" / "jobs").iterdir()) == []


async def test_jobs_of_one_conversation_wait_for_each_other_and_others_do_not(tmp_path: Path) -> None:
    recognition = LevelRecognition()
    recognition.held = asyncio.Event()
    async with engine(tmp_path, recognition=recognition, ENGINE_JOBS=3) as it:
        first = (await call(it, "POST", "/v1/process/audio", content=wav(TALK))).json()
        second = await text(it, ("Jane", "Later."), path=f"/v1/process/text/{first['conversationId']}")
        other = await text(it, ("Bob", "At once."))
        assert (await finished(it, other["jobId"]))["status"] == "completed"
        assert (await call(it, "GET", f"/v1/job/{second['jobId']}")).json()["status"] == "scheduled"
        summary = await it.get(f"/{first['conversationId']}/summary")
        assert summary.status_code == 404
        await text(it, ("Eve", "Third."), path=f"/v1/process/text/{first['conversationId']}")
        answer = await call(it, "POST", "/v1/process/audio", content=wav(TALK))
        assert (answer.status_code, answer.json()["statusCode"]) == (429, 429)
        recognition.held.set()
        assert (await finished(it, second["jobId"]))["status"] == "completed"
        said = [one["text"] for one in await collection(it, first["conversationId"], "messages")]
        assert said[:3] == ["Who takes the minutes?", "I will send the draft.", "Later."]
