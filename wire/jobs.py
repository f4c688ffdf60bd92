"""The Async API: text and sound handed over to be processed, and the jobs that do it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, NaiveDatetime

from wire.base import Payload, Person, Shape
from wire.requests import Redaction, Tracker

PROCESS_PATH = "/v1/process"
JOB_PATH = "/v1/job"

JobStatus = Literal["scheduled", "in_progress", "completed", "failed"]
Confidence = Annotated[float, Field(ge=0, le=1)]
Title = Annotated[str, Field(max_length=256)]
Address = Annotated[str, Field(max_length=2_048)]


class Job(Shape):
    """`GET /v1/job/{jobId}`; `reason` says in a sentence why a job failed."""

    id: str
    status: JobStatus
    reason: str | None = None


class JobNotice(Shape):
    """What a webhook gets on every change of state."""

    job_id: str
    status: JobStatus


class Accepted(Shape):
    """The answer of every `process` call."""

    conversation_id: str
    job_id: str


class TextSpan(Shape):
    """When it was said; a time without a zone is UTC."""

    start_time: AwareDatetime | NaiveDatetime | None = None
    end_time: AwareDatetime | NaiveDatetime | None = None


class TextMessage(Shape):
    """One thing that somebody said or wrote."""

    payload: Payload
    from_: Person | None = Field(alias="from", default=None)
    duration: TextSpan | None = None


class CustomEntity(Shape):
    """A phrase to be found as an entity of the client's own kind."""

    custom_type: Title
    text: Title
    value: Title | None = None


class Wishes(Shape):
    """What every kind of processing may be asked for."""

    name: Title | None = None
    confidence_threshold: Confidence | None = None
    detect_phrases: bool = False
    detect_entities: bool = False
    entities: list[CustomEntity] = Field(default_factory=list, max_length=1_000)
    trackers: list[Tracker] = Field(default_factory=list, max_length=500)
    redaction: Redaction | None = None
    enable_summary: bool = False
    webhook_url: Address | None = None


class TextRequest(Wishes):
    """Body of `POST` and `PUT /v1/process/text`."""

    messages: list[TextMessage] = Field(min_length=1, max_length=20_000)


class ChannelSpeaker(Shape):
    """Who is on a channel; channels count from 1."""

    channel: int = Field(ge=1, le=32)
    speaker: Person


class SoundWishes(Wishes):
    """The query of `process/audio` and `process/video`; lists stand in it as JSON."""

    language_code: Annotated[str, Field(max_length=16)] | None = None
    custom_vocabulary: list[Annotated[str, Field(max_length=100)]] = Field(default_factory=list, max_length=1_000)
    enable_separate_recognition_per_channel: bool = False
    channel_metadata: list[ChannelSpeaker] = Field(default_factory=list, max_length=32)


class UrlRequest(SoundWishes):
    """Body of `process/audio/url` and `process/video/url`."""

    url: Address
