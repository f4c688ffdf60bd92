"""What a client sends as text frames: start, modify, stop."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from wire.base import Person, Shape

PING, PONG = "__PING__", "__PONG__"
"""The bare-text keep-alive of the JavaScript clients."""

InsightType = Literal["action_item", "follow_up", "question", "topic"]


class SpeechRecognition(Shape):
    """The sound that will come: encoding (LINEAR16, FLAC, MULAW, Opus; case-blind) and samples a second."""

    encoding: str = "LINEAR16"
    sample_rate_hertz: float = 16000


class TrackerSettings(Shape):
    """How trackers report."""

    interim_results: bool | None = None
    enable_all_trackers: bool | None = None


class Redaction(Shape):
    """Naming and hiding of personal data in what is sent out; the string that stands in its place has 1 to 16 characters."""

    identify_content: bool | None = None
    redact_content: bool | None = None
    redaction_string: str | None = None


class StreamConfig(Shape):
    """`config` of the start request. `interim_results`, an addition of this engine: whether interims are wanted; they are if it says nothing."""

    meeting_title: str | None = None
    confidence_threshold: float | None = None
    language_code: str | None = None
    timezone_offset: float | None = None
    sentiment: bool | None = None
    detect_entities: bool | None = None
    interim_results: bool | None = None
    speech_recognition: SpeechRecognition | None = None
    trackers: TrackerSettings | None = None
    redaction: Redaction | None = None


class Tracker(Shape):
    """A name and the phrases that mean it."""

    name: str
    vocabulary: list[str] = Field(default_factory=list)


class StartRequest(Shape):
    """The first frame of a stream; the conversation's title may stand here or in `config`. Timeouts are seconds, from one client a bool."""

    type: Literal["start_request"] = "start_request"
    meeting_title: str | None = None
    insight_types: list[str] | None = None
    custom_vocabulary: list[str] | None = None
    trackers: list[Tracker] | None = None
    config: StreamConfig | None = None
    speaker: Person | None = None
    no_connection_timeout: bool | float | None = None
    disconnect_on_stop_request: bool | None = None
    disconnect_on_stop_request_timeout: bool | float | None = None


class ModifyRequest(Shape):
    """A new encoding or rate from here on; documented at the top level, read inside `config` as well."""

    type: Literal["modify_request"] = "modify_request"
    speech_recognition: SpeechRecognition | None = None
    config: StreamConfig | None = None


class StopRequest(Shape):
    """The end of the speaker's stream."""

    type: Literal["stop_request", "stop_recognition"] = "stop_request"
