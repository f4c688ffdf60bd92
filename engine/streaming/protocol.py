"""The rules of one streaming socket, with no I/O: text and binary frames in, events out."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError
from pydantic_core import from_json

from audio.errors import UnsupportedFormat
from engine.errors import BadFrame
from engine.streaming.intake import DEFAULT_FORMAT, SoundFormat, read_format
from wire.requests import PING, ModifyRequest, StartRequest

if TYPE_CHECKING:
    from wire.base import Person
    from wire.requests import SpeechRecognition

MAX_TEXT: Final = 65_536
"""Characters of a text frame."""
MAX_NAME: Final = 256
"""Characters of a title, a name, a user id."""
MAX_SPEAKER: Final = 4_096
"""Characters of the speaker object, its unknown members included."""
MAX_PHRASES: Final = 1_000
MAX_PHRASE: Final = 100
MAX_TIMEOUT: Final = 1_800.0
"""Seconds; the documented bound of both timeouts, and the default of the second."""
MAX_TIMEZONE: Final = 16 * 60

_REPR_OF_STOP: Final = re.compile(r"\{\s*'type'\s*:\s*'stop_(?:request|recognition)'\s*\}")
"""What PyPI `symbl` sends: the `repr` of a Python dictionary."""


@dataclass(frozen=True, slots=True)
class StreamOptions:
    """What a start request asks for, checked, with the defaults of the API filled in.

    `insight_types` is None where the request does not say. `timezone_offset` is in minutes behind UTC (480 is US Pacific
    time), both timeouts in seconds. `keep_after_stop` is None when a stop request ends the socket.
    """

    sound: SoundFormat = DEFAULT_FORMAT
    speaker: Person | None = None
    title: str | None = None
    insight_types: frozenset[str] | None = None
    vocabulary: tuple[str, ...] = field(default=())
    language: str = "en-US"
    confidence_threshold: float = 0.5
    timezone_offset: float = 0.0
    no_connection_timeout: float = 0.0
    keep_after_stop: float | None = None


@dataclass(frozen=True, slots=True)
class Started:
    """A good start request."""

    options: StreamOptions


@dataclass(frozen=True, slots=True)
class Audio:
    """Sound as it was sent, in the encoding agreed on."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Modified:
    """From here on the sound has this form."""

    sound: SoundFormat


@dataclass(frozen=True, slots=True)
class Stopped:
    """The client wants no more; `keep` is how many seconds the socket waits for another start, None when it ends."""

    keep: float | None


@dataclass(frozen=True, slots=True)
class Ping:
    """The bare-text keep-alive, to be answered with the bare text `__PONG__`."""


@dataclass(frozen=True, slots=True)
class Bad:
    """A frame that cannot be read; the socket stays open."""

    message: str
    details: str


Event = Started | Audio | Modified | Stopped | Ping | Bad


class _State(Enum):
    WAITING = auto()
    """For a start request: a new socket, or one kept after a stop."""
    STREAMING = auto()
    OVER = auto()


class StreamProtocol:
    """The state of one socket. Sound before the first start request and after a stop is ignored, as documented."""

    def __init__(self) -> None:
        self._state = _State.WAITING
        self._options = StreamOptions()

    @property
    def over(self) -> bool:
        """Whether a stop request has ended this socket: nothing that comes now matters."""
        return self._state is _State.OVER

    def binary(self, data: bytes) -> Event | None:
        """A binary frame of any length."""
        return Audio(data) if self._state is _State.STREAMING and data else None

    def text(self, text: str) -> Event | None:
        """A text frame: the keep-alive, JSON, the Python `repr` of a stop request, or an error."""
        if text == PING:
            return Ping()
        if self.over:
            return None
        try:
            return self._request(text)
        except BadFrame as error:
            return Bad(str(error), error.details)

    def refuse_start(self) -> None:
        """The start request was good, but there is no room for it: the client may send another."""
        self._state = _State.WAITING

    def _request(self, text: str) -> Event:
        if len(text) > MAX_TEXT:
            raise BadFrame("Invalid request.", f"A text frame holds at most {MAX_TEXT} characters.")
        try:
            request = from_json(text, allow_inf_nan=False)
        except ValueError as error:
            if _REPR_OF_STOP.fullmatch(text.strip()):
                return self._stop()
            raise BadFrame("Invalid request.", "A text frame is a JSON object with a type.") from error
        kind = request.get("type") if isinstance(request, dict) else None
        match kind:
            case "start_request":
                return self._start(text)
            case "modify_request":
                return self._modify(text)
            case "stop_request" | "stop_recognition":
                return self._stop()
        raise BadFrame("Invalid request.", "type must be start_request, modify_request or stop_request.")

    def _start(self, text: str) -> Started:
        if self._state is _State.STREAMING:
            raise BadFrame("Already started.", "Send modify_request to change the sound, or stop_request first.")
        try:
            request = StartRequest.model_validate_json(text)
        except ValidationError as error:
            raise _misread(error) from error
        self._options = read_options(request)
        self._state = _State.STREAMING
        return Started(self._options)

    def _modify(self, text: str) -> Modified:
        if self._state is not _State.STREAMING:
            raise BadFrame("Not started.", "Send start_request before modify_request.")
        try:
            request = ModifyRequest.model_validate_json(text)
        except ValidationError as error:
            raise _misread(error) from error
        sound = _sound(request.speech_recognition, self._options.sound)
        self._options = replace(self._options, sound=sound)
        return Modified(sound)

    def _stop(self) -> Stopped:
        keep = self._options.keep_after_stop if self._state is _State.STREAMING else None
        self._state = _State.OVER if keep is None else _State.WAITING
        return Stopped(keep)


def read_options(request: StartRequest) -> StreamOptions:
    """Check what the types cannot say. Raises `BadFrame`."""
    config = request.config
    stays = request.disconnect_on_stop_request is False
    keep = _bounded("disconnectOnStopRequestTimeout", request.disconnect_on_stop_request_timeout, MAX_TIMEOUT, MAX_TIMEOUT)
    zone = (config.timezone_offset if config else None) or 0.0
    if not abs(zone) <= MAX_TIMEZONE:
        raise BadFrame("Invalid configuration.", f"timezoneOffset must be minutes between -{MAX_TIMEZONE} and {MAX_TIMEZONE}.")
    types = request.insight_types
    return StreamOptions(
        sound=_sound(config.speech_recognition if config else None, DEFAULT_FORMAT),
        speaker=_speaker(request.speaker),
        title=_short("meetingTitle", request.meeting_title or (config.meeting_title if config else None)),
        insight_types=None if types is None else frozenset(types),
        vocabulary=_vocabulary(request.custom_vocabulary),
        language=_short("languageCode", config.language_code if config else None) or "en-US",
        confidence_threshold=_bounded("confidenceThreshold", config.confidence_threshold if config else None, 0.5, 1.0),
        timezone_offset=zone,
        no_connection_timeout=_bounded("noConnectionTimeout", request.no_connection_timeout, 0.0, MAX_TIMEOUT),
        keep_after_stop=keep if stays and keep > 0 else None,
    )


def _sound(request: SpeechRecognition | None, now: SoundFormat) -> SoundFormat:
    if request is None:
        return now
    sent = request.model_fields_set
    encoding = request.encoding if "encoding" in sent else None
    rate = request.sample_rate_hertz if "sample_rate_hertz" in sent else None
    try:
        return read_format(encoding, rate, now)
    except UnsupportedFormat as error:
        raise BadFrame("Invalid configuration.", str(error)) from error


def _speaker(speaker: Person | None) -> Person | None:
    if speaker is None:
        return None
    if len(speaker.wire()) > MAX_SPEAKER:
        raise BadFrame("Invalid configuration.", f"speaker holds at most {MAX_SPEAKER} characters.")
    for name, value in (("userId", speaker.user_id), ("name", speaker.name), ("email", speaker.email)):
        _short(f"speaker.{name}", value)
    return speaker if speaker.user_id or speaker.name or speaker.email else None


def _vocabulary(phrases: list[str] | None) -> tuple[str, ...]:
    kept = tuple(phrase.strip() for phrase in phrases or () if phrase.strip())
    if len(kept) > MAX_PHRASES or any(len(phrase) > MAX_PHRASE for phrase in kept):
        raise BadFrame(
            "Invalid configuration.", f"customVocabulary holds at most {MAX_PHRASES} phrases of {MAX_PHRASE} characters."
        )
    return kept


def _short(name: str, value: str | None) -> str | None:
    if value is not None and len(value) > MAX_NAME:
        raise BadFrame("Invalid configuration.", f"{name} holds at most {MAX_NAME} characters.")
    return value


def _bounded(name: str, value: float | None, default: float, most: float) -> float:
    if value is None:
        return default
    if not 0 <= value <= most:
        raise BadFrame("Invalid configuration.", f"{name} must be between 0 and {most:g}.")
    return value


def _misread(error: ValidationError) -> BadFrame:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    path = [str(part) for part in first["loc"]]
    if path and path[-1] == "sampleRateHertz":
        return BadFrame("Invalid configuration.", "sampleRateHertz must be a valid number.")
    return BadFrame("Invalid configuration.", f"{'.'.join(path)}: {first['msg']}.")
