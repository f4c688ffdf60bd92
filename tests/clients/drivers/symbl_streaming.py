"""PyPI `symbl`: a stream from the microphone, then the Conversation API through the same package."""

# ruff: noqa: T201, E402 - the record goes to stdout; the client makes its own clients when it is imported

import json
import os
import sys
import threading
import time
import types
from collections.abc import Callable
from pathlib import Path

# Point it at the engine:
import symbl_rest

url = os.environ["ENGINE_URL"]
configuration = symbl_rest.Configuration()
configuration.host = url
symbl_rest.Configuration.set_default(configuration)
import symbl

sockets = url.replace("http", "ws", 1)
streaming, listening = sys.modules["symbl.streaming_api.StreamingApi"], sys.modules["symbl.Connection"]
vars(streaming)["SYMBL_STREAMING_API_FORMAT"] = f"{sockets}/v1/realtime/insights/{{}}?source=python_sdk"
vars(listening)["SYMBL_WEBSOCKET_BASE_PATH"] = f"{sockets}/session/subscribe/"
# As ever from here.

CREDENTIALS = {"app_id": os.environ["APP_ID"], "app_secret": os.environ["APP_SECRET"]}
FRAME_SECONDS = 0.064
"""The pace of the recorded microphone: four times that of speech."""


class Spoken(Exception):
    """The recorded microphone has nothing more to say."""


class Microphone:
    """Stands in for the sound card's library, PyAudio: what is recorded is what is heard."""

    def open(self, *, rate: int, channels: int, **_: object) -> "Microphone":
        """Start from the beginning."""
        assert (rate, channels) == (16_000, 1)
        self._sound = Path(os.environ["SPEECH"]).read_bytes()
        return self

    def read(self, samples: int) -> bytes:
        """The next block."""
        if not self._sound:
            raise Spoken
        time.sleep(FRAME_SECONDS)
        block, self._sound = self._sound[: samples * 2], self._sound[samples * 2 :]
        return block


pyaudio = types.ModuleType("pyaudio")
vars(pyaudio).update(PyAudio=Microphone, paInt16=8)
sys.modules["pyaudio"] = pyaudio

frames: dict[str, list[object]] = {"messages": [], "insights": [], "topics": [], "trackers": []}


def keep(kind: str, frame_type: str) -> dict[str, Callable[[dict[str, list[object]]], None]]:
    """A subscription that gathers what comes."""
    return {frame_type: lambda frame: frames[kind].extend(frame[kind])}


connection = symbl.Streaming.start_connection(
    credentials=CREDENTIALS,
    speaker={"userId": "jane@example.com", "name": "Jane"},
    insight_types=["question", "action_item", "follow_up"],
    config={
        "meetingTitle": "From Python",
        "sentiment": True,
        "detectEntities": True,
        "speechRecognition": {"sampleRateHertz": 16_000},
    },
    trackers=[{"name": "Payment", "vocabulary": ["payment bug"]}],
)
connection.subscribe(
    {
        **keep("messages", "message_response"),
        **keep("insights", "insight_response"),
        **keep("topics", "topic_response"),
        **keep("trackers", "tracker_response"),
    }
)
try:
    connection.send_audio_from_mic()
except Spoken:
    connection.stop()

(reader,) = (thread for thread in threading.enumerate() if thread.name.startswith("Thread-") and not thread.daemon)
reader.join(timeout=30)  # `run_forever` returns when the server has closed the socket
record: dict[str, object] = {**frames, "stopped": not reader.is_alive()}

conversation = connection.conversation
record["conversationId"] = conversation.get_conversation_id()
rest = {
    "messages": conversation.get_messages(parameters={"sentiment": True, "verbose": True}),
    "topics": conversation.get_topics(parameters={"parentRefs": True}),
    "questions": conversation.get_questions(),
    "action_items": conversation.get_action_items(),
    "follow_ups": conversation.get_follow_ups(),
    "members": conversation.get_members(),
    "conversation": conversation.get_conversation(),
    "analytics": conversation.get_analytics(),
    "entities": conversation.get_entities(),
    "trackers": conversation.get_trackers(),
}
record["rest"] = {name: answer.to_dict() if hasattr(answer, "to_dict") else answer for name, answer in rest.items()}
print(json.dumps(record, default=str), flush=True)
