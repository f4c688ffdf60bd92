from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import ProtocolError
from bot.streaming.events import (
    Completed,
    ConversationCreated,
    FinalResult,
    InsightSeen,
    Interim,
    Listening,
    Sentence,
    ServerError,
    Stopped,
    TopicsSeen,
)
from bot.streaming.protocol import Phase, StreamProtocol
from wire.base import Person
from wire.requests import StartRequest

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
START = StartRequest(speaker=Person(user_id="1001", name="Ana"), no_connection_timeout=1800)


def protocol() -> StreamProtocol:
    return StreamProtocol(START, lambda: NOW)


def listening() -> StreamProtocol:
    stream = protocol()
    stream.connected()
    stream.receive('{"type":"message","message":{"type":"started_listening"}}')
    return stream


def message(**members: object) -> str:
    return json.dumps({"type": "message", "message": members})


SENTENCE = {
    "id": "d23f0824",
    "from": {"id": "9531985d", "name": "Ana", "userId": "1001"},
    "payload": {"content": "Good morning.", "contentType": "text/plain"},
    "duration": {"startTime": "2021-02-04T20:34:59.029Z", "endTime": "2021-02-04T20:35:00.029Z"},
}


def test_the_start_request_is_the_first_thing_sent_and_carries_the_speaker() -> None:
    sent = json.loads(protocol().connected())
    assert sent == {"type": "start_request", "speaker": {"userId": "1001", "name": "Ana"}, "noConnectionTimeout": 1800.0}


def test_no_sound_may_be_sent_until_the_engine_listens() -> None:
    stream = protocol()
    allowed = [stream.may_send]
    stream.connected()
    allowed.append(stream.may_send)
    assert stream.receive(message(type="started_listening")) == [Listening()]
    allowed.append(stream.may_send)
    stream.stop()
    allowed.append(stream.may_send)
    assert allowed == [False, False, True, False]


def test_recognition_started_alone_unblocks_too_and_brings_the_conversation() -> None:
    stream = protocol()
    stream.connected()
    events = stream.receive(message(type="recognition_started", data={"conversationId": "4726931040557588"}))
    assert events == [ConversationCreated("4726931040557588"), Listening()]


def test_the_three_start_frames_are_told_once() -> None:
    stream = protocol()
    stream.connected()
    told = [
        event
        for frame in (
            message(type="started_listening"),
            message(type="conversation_created", data={"conversationId": "1"}),
            message(type="recognition_started", data={"conversationId": "1"}),
        )
        for event in stream.receive(frame)
    ]
    assert told == [Listening(), ConversationCreated("1")]
    assert stream.conversation_id == "1"
    assert stream.unknown == 0


def test_after_a_broken_connection_the_same_start_request_is_sent_and_the_conversation_is_remembered() -> None:
    stream = protocol()
    first = stream.connected()
    stream.receive(message(type="started_listening"))
    stream.receive(message(type="conversation_created", data={"conversationId": "1"}))
    stream.disconnected()
    assert not stream.may_send
    assert stream.connected() == first
    assert stream.receive(message(type="recognition_started", data={"conversationId": "1"})) == [Listening()]
    stream.disconnected()
    stream.connected()
    changed = stream.receive(message(type="recognition_started", data={"conversationId": "2"}))
    assert changed == [ConversationCreated("2"), Listening()]


def test_a_stop_that_was_not_confirmed_is_sent_again_after_a_reconnect() -> None:
    stream = listening()
    assert json.loads(stream.stop()) == {"type": "stop_request"}
    stream.disconnected()
    stream.connected()
    stream.receive(message(type="started_listening"))
    stream.stop()
    assert stream.receive(message(type="conversation_completed", conversationId="7")) == [
        ConversationCreated("7"),
        Completed("7"),
    ]
    stream.disconnected()
    assert stream.phase is Phase.OVER


def test_what_may_not_happen_is_refused() -> None:
    with pytest.raises(ProtocolError):
        protocol().stop()
    stream = listening()
    with pytest.raises(ProtocolError):
        stream.connected()


def test_completed_without_a_stop_request_does_not_end_the_stream() -> None:
    stream = listening()
    stream.receive(message(type="conversation_completed"))
    assert stream.may_send


def test_recognition_results() -> None:
    stream = listening()
    raw = {"raw": {"alternatives": [{"transcript": "good mor"}]}}
    assert stream.receive(message(type="recognition_result", isFinal=False, payload=raw)) == [Interim("good mor")]
    final = message(type="recognition_result", isFinal=True, payload=raw, punctuated={"transcript": "Good morning."})
    assert stream.receive(final) == [FinalResult("Good morning.")]
    assert stream.receive(message(type="recognition_stopped")) == [Stopped()]


def test_sentences_have_speaker_text_and_wall_clock_times() -> None:
    events = listening().receive(json.dumps({"type": "message_response", "messages": [SENTENCE, {"no": "message"}]}))
    begin = datetime(2021, 2, 4, 20, 34, 59, 29000, tzinfo=UTC)
    assert events == [Sentence("d23f0824", "1001", "Ana", "Good morning.", begin, begin.replace(minute=35, second=0))]


@pytest.mark.parametrize(
    "broken",
    [
        {"duration": None},
        {"duration": {"startTime": "soon", "endTime": "later"}},
        {"from": None},
        {"from": {"id": 7, "name": ["Ana"]}},
        {"metadata": 3, "channel": [], "sentiment": "?"},
    ],
)
def test_a_sentence_is_not_lost_because_of_what_stands_beside_it(broken: dict[str, object]) -> None:
    events = listening().receive(json.dumps({"type": "message_response", "messages": [{**SENTENCE, **broken}]}))
    assert [event.text for event in events if isinstance(event, Sentence)] == ["Good morning."]
    assert all(event.start <= event.end <= NOW for event in events if isinstance(event, Sentence))


def test_insights_and_topics() -> None:
    insight = {"id": "i", "type": "action_item", "messageReference": {"id": "m"}, "payload": {"content": "Ana can do it."}}
    (seen,) = listening().receive(json.dumps({"type": "insight_response", "insights": [insight, {"broken": 1}]}))
    assert isinstance(seen, InsightSeen)
    assert seen.insight.payload.content == "Ana can do it."
    (topics,) = listening().receive(json.dumps({"type": "topic_response", "topics": [{"id": "t", "phrases": "plan"}]}))
    assert isinstance(topics, TopicsSeen)
    assert topics.topics[0].phrases == "plan"


def test_both_shapes_of_errors() -> None:
    plain = listening().receive('{"type":"error","details":"Wrong rate.","message":"Invalid configuration."}')
    assert plain == [ServerError("Invalid configuration. Wrong rate.")]
    assert listening().receive(message(type="error", payload="No.")) == [ServerError("No.")]


@pytest.mark.parametrize(
    "text", ["", "nonsense", "[]", "{}", "null", '{"type":7}', '{"type":"brand_new"}', message(type="brand_new")]
)
def test_unknown_frames_are_counted_and_change_nothing(text: str) -> None:
    stream = listening()
    assert stream.receive(text) == []
    assert stream.unknown == 1
    assert stream.may_send


@pytest.mark.parametrize("text", ["__PONG__", '{"type":"tracker_response"}', message(type="session_modified")])
def test_known_frames_of_no_use_are_not_counted(text: str) -> None:
    stream = listening()
    assert stream.receive(text) == []
    assert stream.unknown == 0


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "from", "payload", "data"]), inner),
    max_leaves=8,
)
KINDS = st.sampled_from(["message", "message_response", "insight_response", "topic_response", "error", "recognition_result"])


@given(KINDS, KINDS, JSON, JSON)
def test_no_frame_breaks_the_reader(kind: str, inner: str, one: object, two: object) -> None:
    for body in ({"message": one}, {"message": {"type": inner, "payload": one, "data": two}}, {"messages": [one, two]}):
        listening().receive(json.dumps({"type": kind, **body, "insights": [one], "topics": [two]}))
