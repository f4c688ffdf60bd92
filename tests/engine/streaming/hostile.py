"""Frames that a broken or hostile client might send, from a seed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from random import Random

_STRINGS = (
    "", " ", "x" * 5_000, "\0", "\ud800", "\u202e", "../../etc/passwd", "'; DROP TABLE messages; --", "<script>", "nan", "1e999", "-1",
    "LINEAR16", "FLAC", "opus", "MULAW", "en-US", "de", "true", "Jane", "start_request", "stop_request", "question", "topic",
)  # fmt: skip
_NUMBERS = (
    0,
    -0.0,
    1,
    -1,
    0.5,
    1.5,
    1_800,
    1_801,
    8_000,
    16_000,
    44_100,
    48_000,
    96_000,
    2**31,
    2**63,
    10**400,
    1e308,
    float("inf"),
    float("nan"),
)
_NAMES = (
    "type", "meetingTitle", "insightTypes", "customVocabulary", "trackers", "config", "speaker", "noConnectionTimeout",
    "disconnectOnStopRequest", "disconnectOnStopRequestTimeout", "speechRecognition", "encoding", "sampleRateHertz", "name", "userId",
    "vocabulary", "confidenceThreshold", "languageCode", "timezoneOffset", "sentiment", "detectEntities", "redaction", "redactContent",
    "redactionString", "identifyContent", "interimResults", "id", "__proto__", "constructor",
)  # fmt: skip
_GOOD: dict[str, Any] = {
    "type": "start_request",
    "meetingTitle": "Weekly",
    "insightTypes": ["question", "action_item"],
    "customVocabulary": ["acme"],
    "trackers": [{"name": "Goodness", "vocabulary": ["this is awesome"]}],
    "config": {
        "confidenceThreshold": 0.5,
        "languageCode": "en-US",
        "timezoneOffset": 480,
        "sentiment": True,
        "detectEntities": True,
        "speechRecognition": {"encoding": "LINEAR16", "sampleRateHertz": 16_000},
        "trackers": {"interimResults": True},
        "redaction": {"identifyContent": True, "redactContent": True, "redactionString": "[X]"},
    },
    "speaker": {"userId": "jane@example.com", "name": "Jane"},
    "noConnectionTimeout": 0,
    "disconnectOnStopRequest": False,
    "disconnectOnStopRequestTimeout": 60,
}
_OTHERS = (
    "__PING__", "__ping__", "{'type': 'stop_request'}", '{"type": "stop_request"}', '{"type": "stop_recognition"}', "", "null", "[]", "{",
    '{"type": "modify_request", "speechRecognition": {"sampleRateHertz": 48000}}', '{"type": "modify_request"}', "[" * 3_000, '"' * 99,
)  # fmt: skip


def value(dice: Random, depth: int = 3) -> Any:
    """Any JSON value, and some that are none."""
    match dice.randrange(7 if depth else 5):
        case 0:
            return dice.choice(_STRINGS)
        case 1 | 2:
            return dice.choice(_NUMBERS)
        case 3:
            return dice.choice((True, False))
        case 4:
            return None
        case 5:
            return [value(dice, depth - 1) for _ in range(dice.randrange(4))]
    return {dice.choice(_NAMES): value(dice, depth - 1) for _ in range(dice.randrange(4))}


def text(dice: Random) -> str:
    """A text frame: noise, a good frame, or a good one with some members replaced, dropped, added, or some characters broken."""
    match dice.randrange(8):
        case 0:
            return dice.choice(_OTHERS)
        case 1:
            return json.dumps(value(dice))
        case 2:
            return "".join(dice.choices('{}[]":,\\ \0ab0159.eE+-truefalsn\u00e9\u2028', k=dice.randrange(40)))
    frame = json.loads(
        json.dumps(_GOOD if dice.random() < 0.8 else {"type": "modify_request", "speechRecognition": {"encoding": "FLAC"}})
    )
    for _ in range(dice.randrange(4)):
        _spoil(frame, dice)
    written = json.dumps(frame, ensure_ascii=dice.random() < 0.5)
    if dice.random() < 0.2:
        at = dice.randrange(len(written))
        written = written[:at] + dice.choice(('"', "}", "\\", "", "\0", "1e999", "/*")) + written[at + dice.randrange(3) :]
    return written


def _spoil(frame: Any, dice: Random) -> None:
    """Change one member somewhere."""
    if isinstance(frame, dict) and frame:
        name = dice.choice(list(frame))
        if isinstance(frame[name], dict | list) and frame[name] and dice.random() < 0.7:
            _spoil(frame[name], dice)
        elif dice.random() < 0.2:
            del frame[name]
        elif name != "type" or dice.random() < 0.1:
            frame[name] = value(dice)
    elif isinstance(frame, list) and frame:
        frame[dice.randrange(len(frame))] = value(dice)


def binary(dice: Random) -> bytes:
    """A frame of sound, or of what is none."""
    match dice.randrange(5):
        case 0:
            return dice.choice((b"fLaC", b"OggS\0", b"\x1a\x45\xdf\xa3", b"\xff\xf8", b"RIFF")) + dice.randbytes(
                dice.randrange(60)
            )
        case 1:
            return dice.randbytes(dice.randrange(4))
        case 2:
            return bytes(dice.randrange(9_000))
    return dice.randbytes(dice.randrange(400))
