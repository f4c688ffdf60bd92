"""Whole sessions through a real server, frame by frame."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.engine.fakes import UNREADABLE, LevelRecognition, pause, say
from tests.engine.server import BOB, JANE, engine, name, names, start_request
from tests.engine.streaming.encoders import cut, flac, opus_packets

if TYPE_CHECKING:
    from pathlib import Path

    from tests.engine.server import Engine


async def test_interims_stay_away_where_a_client_wants_none(running: Engine) -> None:
    async with running.socket("quiet") as socket:
        await socket.start(JANE, config={"interimResults": False})
        await socket.send(say(2, 0.25))
        await socket.send(say(2, 0.25))
        await socket.send(pause())
        frames = await socket.stop()
    assert "final" in names(frames)
    assert "interim" not in names(frames)


async def test_lost_sound_is_told_and_never_taken_for_words(running: Engine) -> None:
    async with running.socket("lost") as socket:
        conversation_id = await socket.start(JANE)
        await socket.send(say(1, 1.0) + pause() + say(UNREADABLE, 1.5) + pause() + say(2, 1.0) + pause())
        frames = await socket.stop()
    (lost,) = [frame for frame in frames if name(frame) == "sound_lost"]
    assert lost["message"]["user"]["name"] == JANE["name"]
    assert (lost["message"]["start"], lost["message"]["end"]) == (1.5, 3.0)
    rows = await running.store.messages(conversation_id)
    assert [row.text for row in rows] == ["Good morning.", "Who takes the minutes?"]


async def test_a_session_frame_by_frame(running: Engine) -> None:
    async with running.socket("weekly") as socket:
        conversation_id = await socket.start({**JANE, "peerId": "p1"})
        assert len(conversation_id) == 16
        assert conversation_id.isdigit()
        await socket.send(say(2, 0.25))
        await socket.send(say(2, 0.25))
        await socket.send(pause())
        interim = await socket.until("interim")
        final = await socket.until("final")
        message = await socket.receive()
        insight = await socket.receive()
        frames = await socket.stop()

    assert interim["message"]["payload"]["raw"]["alternatives"] == [
        {"transcript": "Who takes the minutes?", "confidence": 0.0, "words": []}
    ]
    user = final["message"]["user"]
    assert user == {**JANE, "peerId": "p1", "id": user["id"]}
    assert final["message"]["punctuated"] == {"transcript": "Who takes the minutes?"}
    assert final["timeOffset"] == 500
    words = final["message"]["payload"]["raw"]["alternatives"][0]["words"]
    assert words[1] == {
        "word": "takes",
        "startTime": {"seconds": "0", "nanos": "125000000"},
        "endTime": {"seconds": "0", "nanos": "250000000"},
    }

    assert name(message) == "message_response"
    assert message["sequenceNumber"] == 0
    (said,) = message["messages"]
    assert said["from"] == {**JANE, "id": user["id"]}
    assert said["payload"] == {"content": "Who takes the minutes?", "contentType": "text/plain"}
    assert said["duration"]["duration"] == 0.5
    assert said["duration"]["endTime"] > said["duration"]["startTime"]
    assert [word["word"] for word in json.loads(said["metadata"]["words"])] == ["Who", "takes", "the", "minutes?"]

    assert name(insight) == "insight_response"
    (question,) = insight["insights"]
    assert question["type"] == "question"
    assert question["messageReference"]["id"] == said["id"]
    assert question["assignee"]["userId"] == JANE["userId"]

    assert names(frames) == ["conversation_completed", "recognition_stopped"]
    assert frames[0]["message"]["conversationId"] == conversation_id
    assert frames[0]["message"]["data"] == {"conversationId": conversation_id}
    assert socket.connection.close_code == 1000


async def test_words_still_in_the_recogniser_come_before_the_last_frames(running: Engine) -> None:
    async with running.socket("late") as socket:
        conversation_id = await socket.start(JANE)
        await socket.send(say(3, 0.5))
        frames = await socket.stop()
    told = [kind for kind in names(frames) if kind != "interim"]
    assert told == ["final", "message_response", "insight_response", "conversation_completed", "recognition_stopped"]
    items = (await running.get(f"/{conversation_id}/action-items")).json()["actionItems"]
    assert [item["text"] for item in items] == ["Jane will send the draft by Friday."]


async def test_two_speakers_share_a_conversation_and_each_keeps_the_own_name(running: Engine) -> None:
    async with running.socket("two") as jane, running.socket("two") as bob:
        first, second = await jane.start(JANE), await bob.start(BOB)
        assert first == second
        await jane.send(say(1) + pause())
        at_bob = await bob.receive()
        assert name(at_bob) == "message_response", "a result of recognition belongs to its own speaker"
        assert at_bob["messages"][0]["from"]["name"] == "Jane"
        await bob.send(say(5) + pause())
        at_jane = await jane.until("message_response")
        while at_jane["messages"][0]["from"]["name"] != "Bob":
            at_jane = await jane.until("message_response")
        assert at_jane["sequenceNumber"] == 1
        assert name(await jane.receive()) == "topic_response"

        left = await jane.stop()
        assert names(left) == ["conversation_completed", "recognition_stopped"]
        await bob.send(say(4) + pause())
        await bob.until("insight_response")
        assert "endTime" not in (await running.get(f"/{first}")).json()
        assert names(await bob.stop())[-2:] == ["conversation_completed", "recognition_stopped"]
    about = (await running.get(f"/{first}")).json()
    assert [member["name"] for member in about["members"]] == ["Jane", "Bob"]
    assert "endTime" in about


async def test_the_python_client_s_stop_and_the_keep_alive(running: Engine) -> None:
    async with running.socket("python", path="/v1/realtime/insights") as socket:
        await socket.send("__PING__")
        assert await socket.connection.recv() == "__PONG__"
        await socket.start(JANE)
        await socket.send("__PING__")
        assert await socket.connection.recv() == "__PONG__"
        await socket.send("{'type': 'stop_request'}")
        assert names(await socket.rest()) == ["conversation_completed", "recognition_stopped"]


async def test_sound_before_the_start_is_ignored_and_sound_right_behind_it_is_kept(running: Engine) -> None:
    async with running.socket("early") as socket:
        await socket.send(say(1))
        await socket.send(start_request(JANE))
        await socket.send(say(2))
        await socket.send({"type": "stop_request"})
        frames = await socket.rest()
    texts = [frame["messages"][0]["payload"]["content"] for frame in frames if name(frame) == "message_response"]
    assert texts == ["Who takes the minutes?"]
    assert running.recognition.streams[0].fed == len(say(2))


async def test_frames_of_any_length(running: Engine) -> None:
    sound = say(4, 1.0) + pause()
    async with running.socket("odd") as socket:
        await socket.start(JANE)
        for at in range(0, 999, 3):
            await socket.send(sound[at : at + 3])
        await socket.send(b"")
        await socket.send(sound[999:])
        final = await socket.until("final")
        await socket.stop()
    assert abs(final["timeOffset"] - 1000) <= 10
    assert running.recognition.streams[0].fed == len(sound)


async def test_a_bad_start_makes_no_conversation_and_a_good_one_may_follow(running: Engine) -> None:
    async with running.socket("second%20chance%2Fdone==") as socket:
        await socket.send(start_request(JANE, config={"speechRecognition": {"sampleRateHertz": "many"}}))
        assert await socket.receive() == {
            "type": "error",
            "message": "Invalid configuration.",
            "details": "sampleRateHertz must be a valid number.",
        }
        await socket.send("nonsense")
        assert (await socket.receive())["type"] == "error"
        assert (await running.get("")).json() == {"conversations": []}
        conversation_id = await socket.start(JANE)
        await socket.stop()
    assert [one["id"] for one in (await running.get("")).json()["conversations"]] == [conversation_id]


async def test_a_stop_without_a_start_closes_the_socket(running: Engine) -> None:
    async with running.socket("nothing") as socket:
        assert names(await socket.stop()) == ["recognition_stopped"]
        assert socket.connection.close_code == 1000


async def test_other_sound_from_the_middle_on(running: Engine) -> None:
    async with running.socket("modify") as socket:
        await socket.start(JANE)
        await socket.send(say(1) + pause())
        await socket.until("message_response")
        await socket.send({"type": "modify_request", "speechRecognition": {"sampleRateHertz": 8000}})
        await socket.until("session_modified")
        await socket.send(say(5, rate=8000) + bytes(16_000))
        message = await socket.until("message_response")
        await socket.stop()
    assert message["messages"][0]["payload"]["content"] == "The release plan is ready."
    assert abs(message["messages"][0]["duration"]["duration"] - 0.5) < 0.05


@pytest.mark.parametrize("encoding", ["FLAC", "Opus"])
async def test_encoded_sound_is_heard_and_bad_sound_is_said_once(running: Engine, encoding: str) -> None:
    spoken = np.frombuffer(say(3, 1.0) + pause(1.0), "<i2").astype(np.int16)
    frames = list(cut(flac(spoken, 16_000), Random(1))) if encoding == "FLAC" else opus_packets(spoken.tobytes())
    noise = [b"\xff\xff\xff"] * 3 if encoding == "Opus" else [bytes(300_000)] * 3
    async with running.socket("encoded") as socket:
        await socket.start(JANE, config={"speechRecognition": {"encoding": encoding, "sampleRateHertz": 16000}})
        for frame in (*noise, *frames):
            await socket.send(frame)
        told = await socket.stop()
    assert [name(frame) for frame in told].count("error") == 1
    (error,) = (frame for frame in told if name(frame) == "error")
    assert error["message"] == "Invalid audio."
    (stream,) = running.recognition.streams
    assert abs(stream.fed / 32_000 - 2.0) < 0.05
    if encoding == "FLAC":  # a level does not come through Opus
        assert "message_response" in names(told)
    assert names(told)[-2:] == ["conversation_completed", "recognition_stopped"]


async def test_the_encoding_may_change_and_back(running: Engine) -> None:
    async with running.socket("forth") as socket:
        await socket.start(JANE)
        for encoding, frames in (
            ("FLAC", [flac(np.frombuffer(say(1) + pause(), "<i2").astype(np.int16), 16_000)]),
            ("LINEAR16", [say(3) + pause()]),
        ):
            await socket.send({"type": "modify_request", "speechRecognition": {"encoding": encoding}})
            await socket.until("session_modified")
            for frame in frames:
                await socket.send(frame)
        told = await socket.stop()
    said = [frame["messages"][0]["payload"]["content"] for frame in told if name(frame) == "message_response"]
    assert said == ["Good morning.", "I will send the draft."]


async def test_an_observer_sees_everything_and_is_no_member(running: Engine) -> None:
    async with running.socket("watched") as observer:
        conversation_id = await observer.start()
        async with running.socket("watched") as jane:
            await jane.start(JANE)
            await jane.send(say(3) + pause())
            assert names([await observer.receive(), await observer.receive()]) == ["message_response", "insight_response"]
            await jane.stop()
        members = (await running.get(f"/{conversation_id}/members")).json()["members"]
        assert [member["name"] for member in members] == ["Jane"]
        assert "endTime" not in (await running.get(f"/{conversation_id}")).json(), "the observer keeps it open"
        assert names(await observer.stop()) == ["conversation_completed", "recognition_stopped"]


async def test_a_speaker_without_a_name_is_somebody_all_the_same(running: Engine) -> None:
    async with running.socket("nameless") as socket:
        conversation_id = await socket.start()
        await socket.send(say(3) + pause())
        final, message = await socket.until("final"), await socket.receive()
        await socket.stop()
    user = final["message"]["user"]
    assert user.keys() == {"id"}
    assert message["messages"][0]["from"] == user
    assert (await running.get(f"/{conversation_id}/members")).json() == {"members": [user]}
    items = (await running.get(f"/{conversation_id}/action-items")).json()["actionItems"]
    assert items[0]["text"] == "Speaker will send the draft by Friday."


@pytest.mark.parametrize(
    ("types", "told"),
    [
        (None, ["insight_response", "topic_response"]),
        ([], []),
        (["question"], ["topic_response"]),
        (["follow_up"], ["insight_response", "topic_response"]),
    ],
)
async def test_insights_that_were_asked_for(running: Engine, types: list[str] | None, told: list[str]) -> None:
    async with running.socket("asked") as socket:
        await socket.start(JANE, insightTypes=types)
        await socket.send(say(4) + pause() + say(5) + pause())
        frames = await socket.stop()
    assert [kind for kind in names(frames) if kind.endswith("_response") and kind != "message_response"] == told


async def test_insights_below_the_threshold_are_not_reported(running: Engine) -> None:
    async with running.socket("sure") as socket:
        conversation_id = await socket.start(JANE, config={"confidenceThreshold": 0.8})
        await socket.send(say(4) + pause() + say(3) + pause())
        frames = await socket.stop()
    kinds = [item["type"] for frame in frames if name(frame) == "insight_response" for item in frame["insights"]]
    assert kinds == ["action_item"]
    assert (await running.get(f"/{conversation_id}/follow-ups")).json() == {"followUps": []}


async def test_the_recogniser_is_told_the_words_to_expect(running: Engine) -> None:
    async with running.socket("words") as jane, running.socket("words") as nameless:
        await jane.start(JANE, customVocabulary=["acme", " kubernetes ", ""])
        await nameless.start(customVocabulary=["zephyr"])
        await nameless.send(say(1) + pause())
        await nameless.until("message_response")
        assert [stream.vocabulary for stream in running.recognition.streams] == [("acme", "kubernetes"), ("zephyr",)]
        await jane.stop()
        await nameless.stop()


async def test_a_kept_socket_goes_on_in_the_same_conversation(running: Engine) -> None:
    keep = {"disconnectOnStopRequest": False, "disconnectOnStopRequestTimeout": 60}
    async with running.socket("kept") as socket:
        first = await socket.start(JANE, **keep)
        await socket.send(say(1))
        await socket.send({"type": "stop_request"})
        await socket.until("message_response")
        assert name(await socket.receive()) == "recognition_stopped"
        await socket.send(say(2))
        assert await socket.start(JANE, **keep) == first
        await socket.send(say(5))
        await socket.send({"type": "stop_request"})
        message = await socket.until("message_response")
        assert message["messages"][0]["payload"]["content"] == "The release plan is ready."
        await socket.until("recognition_stopped")
        running.clock.advance(59)
        await socket.send("__PING__")
        assert await socket.connection.recv() == "__PONG__"
        running.clock.advance(2)
        assert names(await socket.rest()) == ["conversation_completed"]
        assert socket.connection.close_code == 1000
    messages = (await running.get(f"/{first}/messages")).json()["messages"]
    assert [message["text"] for message in messages] == ["Good morning.", "The release plan is ready."]
    assert len((await running.get(f"/{first}/members")).json()["members"]) == 1


async def test_too_many_streams_are_refused_and_the_socket_may_try_again(tmp_path: Path) -> None:
    recognition = LevelRecognition(room=1)
    async with engine(tmp_path, recognition=recognition) as it, it.socket("a") as jane, it.socket("b") as bob:
        await jane.start(JANE)
        await bob.send(start_request(BOB))
        refused = await bob.receive()
        assert (refused["type"], refused["details"]) == ("error", "This machine recognises 1 streams at a time.")
        assert len((await it.get("")).json()["conversations"]) == 1
        await jane.stop()
        await bob.start(BOB)
        await bob.stop()


async def test_what_the_client_left_out_ends_an_utterance(running: Engine) -> None:
    async with running.socket("gaps") as socket:
        await socket.start(JANE)
        await socket.send(say(1, 1.0))
        await socket.until("interim")
        running.clock.advance(1.0)
        first = await socket.until("message_response")
        running.clock.advance(60.0)
        await socket.send(say(2, 1.0))
        await socket.until("interim")
        running.clock.advance(1.0)
        second = await socket.until("message_response")
        await socket.stop()
    starts = [datetime.fromisoformat(frame["messages"][0]["duration"]["startTime"]) for frame in (first, second)]
    assert starts[1] - starts[0] == timedelta(seconds=61), "times follow the clock where sound was left out"
