from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from engine.streaming.intake import SoundFormat
from engine.streaming.options import StreamOptions, TrackerWish
from engine.streaming.protocol import Audio, Bad, Modified, Ping, Started, Stopped, StreamProtocol

START = '{"type": "start_request"}'


def options(**request: Any) -> StreamOptions:
    event = StreamProtocol().text(json.dumps({"type": "start_request", **request}))
    assert isinstance(event, Started), event
    return event.options


def refusal(**request: Any) -> str:
    protocol = StreamProtocol()
    event = protocol.text(json.dumps({"type": "start_request", **request}))
    assert isinstance(event, Bad), event
    assert protocol.binary(b"ab") is None, "a refused start starts nothing"
    assert isinstance(protocol.text(START), Started), "a good start may follow"
    return event.details


def test_sound_counts_between_start_and_stop() -> None:
    protocol = StreamProtocol()
    assert protocol.binary(b"early") is None
    protocol.text(START)
    assert protocol.binary(b"odd") == Audio(b"odd")
    assert protocol.binary(bytes(20_000)) == Audio(bytes(20_000))
    assert protocol.text('{"type": "stop_request"}') == Stopped(None)
    assert protocol.over
    assert protocol.binary(b"late") is None
    assert protocol.text(START) is None


@pytest.mark.parametrize(
    "stop",
    ['{"type":"stop_request"}', '{"type": "stop_recognition"}', "{'type': 'stop_request'}", " {'type':'stop_recognition'} "],
)
def test_every_spelling_of_stop(stop: str) -> None:
    protocol = StreamProtocol()
    protocol.text(START)
    assert protocol.text(stop) == Stopped(None)


def test_the_keep_alive_is_answered_in_every_state() -> None:
    protocol = StreamProtocol()
    assert protocol.text("__PING__") == Ping()
    protocol.text(START)
    assert protocol.text("__PING__") == Ping()
    protocol.text('{"type": "stop_request"}')
    assert protocol.text("__PING__") == Ping()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "__PONG__",
        "__ping__",
        "{",
        "[]",
        "null",
        '"stop_request"',
        "{'type': 'start_request'}",
        '{"type": 1}',
        '{"type": "resume"}',
        '{"type": "start_request", "noConnectionTimeout": NaN}',
        '{"type": "start_request", "meetingTitle": "\\ud800"}',
        '{"type": "start_request", "meetingTitle": "' + "x" * 270_000 + '"}',
        "[" * 50_000,
        '{"type": "modify_request", "speechRecognition": {"sampleRateHertz": 8000}}',
    ],
)
def test_what_cannot_be_read_is_an_error_and_changes_nothing(text: str) -> None:
    protocol = StreamProtocol()
    assert isinstance(protocol.text(text), Bad)
    assert isinstance(protocol.text(START), Started)


def test_the_defaults_of_a_start() -> None:
    assert options() == StreamOptions(
        sound=SoundFormat("LINEAR16", 16_000),
        insight_types=None,
        confidence_threshold=0.5,
        no_connection_timeout=0.0,
        keep_after_stop=None,
    )


def test_everything_that_a_start_can_say() -> None:
    read = options(
        id="ignored",
        insightTypes=["question"],
        customVocabulary=["acme", " "],
        trackers=None,
        config={
            "meetingTitle": "Weekly",
            "confidenceThreshold": 0.7,
            "timezoneOffset": 480,
            "languageCode": "en-GB",
            "speechRecognition": {"encoding": "mulaw", "sampleRateHertz": 8000, "engine": "x"},
        },
        speaker={"userId": "jane", "peerId": "p1"},
        noConnectionTimeout=60,
        disconnectOnStopRequest=False,
    )
    assert read.sound == SoundFormat("MULAW", 8_000)
    assert read.speaker is not None
    assert read.speaker.as_json() == {"userId": "jane", "peerId": "p1"}
    assert read.insight_types == frozenset({"question"})
    assert read.vocabulary == ("acme",)
    assert (read.title, read.language, read.confidence_threshold) == ("Weekly", "en-GB", 0.7)
    assert (read.timezone_offset, read.no_connection_timeout, read.keep_after_stop) == (480, 60, 1800)


def test_the_title_may_stand_in_either_place() -> None:
    assert options(meetingTitle="A").title == "A"
    assert options(config={"meetingTitle": "B"}).title == "B"


@pytest.mark.parametrize(
    ("sent", "seconds"), [(False, 0), (True, 1800), ("60", 60), ("0.5", 0.5), (1800, 1800), (None, 0), (0, 0)]
)
def test_every_spelling_of_a_timeout(sent: object, seconds: float) -> None:
    assert options(noConnectionTimeout=sent).no_connection_timeout == seconds
    keep = options(disconnectOnStopRequest=False, disconnectOnStopRequestTimeout=sent).keep_after_stop
    assert keep == (1800 if sent is None else seconds or None)


@pytest.mark.parametrize(
    ("sent", "stays"), [(False, True), ("false", True), ("False", True), (0, True), (True, False), ("true", False)]
)
def test_every_spelling_of_a_boolean(sent: object, *, stays: bool) -> None:
    assert (options(disconnectOnStopRequest=sent).keep_after_stop is not None) is stays


def test_trackers_and_what_else_is_to_be_found() -> None:
    read = options(
        trackers=[
            {"name": "Goodness", "vocabulary": [" this is great ", ""]},
            {"name": "Empty", "vocabulary": []},
            {"name": "Later", "vocabulary": ["thanks"], "categories": ["x"], "id": 7},
        ],
        config={
            "trackers": {"interimResults": True, "enableAllTrackers": True},
            "sentiment": True,
            "detectEntities": True,
            "redaction": {"identifyContent": True, "redactContent": True, "redactionString": "[X]"},
        },
    )
    assert read.trackers == (TrackerWish("Goodness", ("this is great",)), TrackerWish("Later", ("thanks",)))
    assert (read.interim_trackers, read.sentiment, read.entities, read.identify, read.mask) == (True, True, True, True, "[X]")


def test_members_that_are_null_are_absent() -> None:
    config = {
        "trackers": None,
        "sentiment": None,
        "detectEntities": None,
        "redaction": {"identifyContent": None, "redactContent": True, "redactionString": None},
        "confidenceThreshold": None,
        "languageCode": None,
        "speechRecognition": None,
    }
    assert options(config=config, trackers=None, customVocabulary=None) == replace(StreamOptions(), mask="****")


@pytest.mark.parametrize("code", ["en", "en-US", "en_GB", "EN-au", "en-GB-oxendict"])
def test_languages_that_are_recognised(code: str) -> None:
    assert options(config={"languageCode": code}).language == code


def test_a_speaker_without_any_name_is_none() -> None:
    assert options(speaker=None).speaker is None
    assert options(speaker={}).speaker is None
    assert options(speaker={"email": "jane@example.com"}).speaker is not None


def test_a_socket_is_not_kept_for_no_time() -> None:
    assert options(disconnectOnStopRequest=False, disconnectOnStopRequestTimeout=0).keep_after_stop is None
    assert options(disconnectOnStopRequest=True, disconnectOnStopRequestTimeout=9).keep_after_stop is None
    assert options(disconnectOnStopRequest=False, disconnectOnStopRequestTimeout=9).keep_after_stop == 9


def sound(**recognition: Any) -> dict[str, Any]:
    return {"config": {"speechRecognition": recognition}}


@pytest.mark.parametrize(
    ("asked", "format_"),
    [
        ({"sampleRateHertz": 16000}, SoundFormat("LINEAR16", 16_000)),
        ({"encoding": "linear16", "sampleRateHertz": 44100}, SoundFormat("LINEAR16", 44_100)),
        ({"encoding": "LINEAR16", "sampleRateHertz": "8000"}, SoundFormat("LINEAR16", 8_000)),
        ({"encoding": "MULAW"}, SoundFormat("MULAW", 8_000)),
        ({"encoding": "mulaw", "sampleRateHertz": 16000}, SoundFormat("MULAW", 16_000)),
        ({"encoding": "Opus", "sampleRateHertz": 48000}, SoundFormat("OPUS", 48_000)),
        ({"encoding": "OPUS"}, SoundFormat("OPUS", 16_000)),
        ({"encoding": "FLAC", "sampleRateHertz": 44100}, SoundFormat("FLAC", 44_100)),
        ({"encoding": ""}, SoundFormat("LINEAR16", 16_000)),
    ],
)
def test_sound_that_is_taken(asked: dict[str, Any], format_: SoundFormat) -> None:
    assert options(**sound(**asked)).sound == format_


@pytest.mark.parametrize("rate", [0, 7999, 48001, 16000.5, -1, "many", "nan", "inf", None, [], True])
def test_rates_that_are_not_taken(rate: object) -> None:
    assert refusal(**sound(encoding="LINEAR16", sampleRateHertz=rate)).startswith("sampleRateHertz must be a valid number")


@pytest.mark.parametrize(("encoding", "rate"), [("FLAC", 8000), ("Opus", 96000), ("MULAW", 4000), ("flac", 22050.5)])
def test_every_encoding_has_its_rates(encoding: str, rate: float) -> None:
    assert f"{encoding} is taken from" in refusal(**sound(encoding=encoding, sampleRateHertz=rate))


@pytest.mark.parametrize("encoding", ["mp3", "OGG_OPUS", "LINEAR32"])
def test_encodings_that_are_not_taken(encoding: str) -> None:
    said = refusal(**sound(encoding=encoding))
    for taken in ("LINEAR16 (8000 to 48000 Hz)", "MULAW (8000 ", "FLAC (16000 ", "Opus (8000 to 48000 Hz)"):
        assert taken in said


@pytest.mark.parametrize(
    ("request_", "named"),
    [
        ({"noConnectionTimeout": 1801}, "noConnectionTimeout"),
        ({"noConnectionTimeout": -1}, "noConnectionTimeout"),
        ({"disconnectOnStopRequestTimeout": 2000}, "disconnectOnStopRequestTimeout"),
        ({"noConnectionTimeout": "soon"}, "noConnectionTimeout must be a number of seconds between 0 and 1800."),
        ({"noConnectionTimeout": [1]}, "noConnectionTimeout"),
        ({"disconnectOnStopRequestTimeout": -0.1}, "disconnectOnStopRequestTimeout"),
        ({"disconnectOnStopRequest": "perhaps"}, "disconnectOnStopRequest"),
        ({"config": {"confidenceThreshold": 1.5}}, "confidenceThreshold"),
        ({"config": {"confidenceThreshold": -0.1}}, "confidenceThreshold"),
        ({"config": {"languageCode": "en-" + "x" * 300}}, "languageCode"),
        ({"config": {"redaction": {"redactionString": ""}}}, "redactionString"),
        ({"config": {"redaction": {"redactContent": True, "redactionString": "x" * 17}}}, "redactionString"),
        ({"trackers": "Goodness"}, "trackers"),
        ({"trackers": [{"vocabulary": ["x"]}]}, "trackers.0.name"),
        ({"trackers": [{"name": " ", "vocabulary": ["x"]}]}, "trackers"),
        ({"trackers": [{"name": "x", "vocabulary": ["y" * 201]}]}, "trackers"),
        ({"trackers": [{"name": "x", "vocabulary": ["y"] * 5001}]}, "trackers"),
        ({"trackers": [{"name": "x", "vocabulary": ["y"]}] * 501}, "trackers"),
        ({"config": {"timezoneOffset": "nan"}}, "timezoneOffset"),
        ({"config": []}, "config"),
        ({"speaker": "Jane"}, "speaker"),
        ({"speaker": {"name": "x" * 300}}, "speaker.name"),
        ({"speaker": {"name": "x", "more": "y" * 5000}}, "speaker"),
        ({"insightTypes": "question"}, "insightTypes"),
        ({"customVocabulary": ["x" * 101]}, "customVocabulary"),
    ],
)
def test_what_is_wrong_is_named(request_: dict[str, Any], named: str) -> None:
    assert refusal(**request_).startswith(named)


def test_modify_leaves_what_it_does_not_name() -> None:
    protocol = StreamProtocol()
    protocol.text(START)
    rate_only = '{"type": "modify_request", "speechRecognition": {"sampleRateHertz": 48000}}'
    assert protocol.text(rate_only) == Modified(SoundFormat("LINEAR16", 48_000))
    encoding_only = '{"type": "modify_request", "speechRecognition": {"encoding": "LINEAR16"}}'
    assert protocol.text(encoding_only) == Modified(SoundFormat("LINEAR16", 48_000))
    other_encoding = '{"type": "modify_request", "speechRecognition": {"encoding": "Opus"}}'
    assert protocol.text(other_encoding) == Modified(SoundFormat("OPUS", 16_000)), "the rate belonged to the old encoding"
    assert isinstance(protocol.text('{"type": "modify_request", "speechRecognition": {"encoding": "MP3"}}'), Bad)
    inside = '{"type": "modify_request", "config": {"speechRecognition": {"encoding": "mulaw", "sampleRateHertz": 8000}}}'
    assert protocol.text(inside) == Modified(SoundFormat("MULAW", 8_000))
    for empty in (
        '{"type": "modify_request"}',
        '{"type": "modify_request", "config": {}}',
        '{"type": "modify_request", "speechRecognition": 5}',
    ):
        assert isinstance(protocol.text(empty), Bad)
    assert protocol.binary(b"ab") == Audio(b"ab")


def test_a_second_start_is_refused_while_the_first_lives() -> None:
    protocol = StreamProtocol()
    protocol.text(START)
    assert isinstance(protocol.text(START), Bad)
    assert protocol.binary(b"ab") == Audio(b"ab")


def test_a_kept_socket_may_start_again() -> None:
    protocol = StreamProtocol()
    protocol.text('{"type": "start_request", "disconnectOnStopRequest": false, "disconnectOnStopRequestTimeout": 5}')
    assert protocol.text('{"type": "stop_request"}') == Stopped(5)
    assert not protocol.over
    assert protocol.binary(b"ab") is None
    assert isinstance(protocol.text(START), Started)
    assert protocol.text('{"type": "stop_request"}') == Stopped(None)
