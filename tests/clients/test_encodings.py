"""Speech that was encoded, streamed as the documentation's own samples do it, against the engine with its real recogniser."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING

import numpy as np
import pytest
from websockets.sync.client import connect

from tests.clients.heard import assert_words
from tests.engine.streaming.encoders import encoded, flac, opus_packets

if TYPE_CHECKING:
    from tests.clients.conftest import Engine
    from tests.clients.recording import Recording

pytestmark = pytest.mark.model

FRAME_BYTES = 4_096


def cut(sound: bytes) -> list[bytes]:
    return [sound[at : at + FRAME_BYTES] for at in range(0, len(sound), FRAME_BYTES)]


def encode(kind: str, said: bytes) -> tuple[list[bytes], int]:
    """The frames to send, and their rate."""
    samples = np.frombuffer(said, "<i2")
    if kind == "FLAC":
        return cut(flac(samples, 16_000)), 16_000
    if kind == "Opus packets":
        return opus_packets(said), 48_000
    return cut(encoded(np.repeat(samples, 3), 48_000, "libopus", "ogg")), 48_000


@pytest.mark.parametrize("kind", ["FLAC", "Opus packets", "Opus in Ogg"])
def test_encoded_speech_is_understood(engine: Engine, speech: Recording, kind: str) -> None:
    frames, rate = encode(kind, speech.path.read_bytes())
    format_ = {"encoding": kind.partition(" ")[0], "sampleRateHertz": rate}
    request = {"type": "start_request", "config": {"speechRecognition": format_}, "speaker": {"name": "Jane"}}
    address = f"{engine.url.replace('http', 'ws')}/v1/streaming/{uuid.uuid4()}?access_token={engine.token()}"
    with connect(address) as socket:
        socket.send(json.dumps(request))
        for frame in frames:
            socket.send(frame)
        socket.send(json.dumps({"type": "stop_request"}))
        told = [json.loads(text) for text in socket]
    assert not [frame for frame in told if frame["type"] == "error"]
    assert_words(
        [one["payload"]["content"] for frame in told if frame["type"] == "message_response" for one in frame["messages"]],
        speech.text,
    )
