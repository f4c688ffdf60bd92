"""The rules of one streaming socket, with no I/O: text and binary frames in, events out."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError
from pydantic_core import from_json

from engine.errors import BadFrame
from engine.streaming.options import StreamOptions, misread, read_options, read_sound
from wire.requests import PING, ModifyRequest, StartRequest

if TYPE_CHECKING:
    from engine.streaming.intake import SoundFormat

MAX_TEXT: Final = 262_144
"""Characters of a text frame."""
_REPR_OF_STOP: Final = re.compile(r"\{\s*'type'\s*:\s*'stop_(?:request|recognition)'\s*\}")
"""What PyPI `symbl` sends: the `repr` of a Python dictionary."""


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
            request = from_json(text.encode(), allow_inf_nan=False)
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
            raise misread(error) from error
        self._options = read_options(request)
        self._state = _State.STREAMING
        return Started(self._options)

    def _modify(self, text: str) -> Modified:
        if self._state is not _State.STREAMING:
            raise BadFrame("Not started.", "Send start_request before modify_request.")
        try:
            request = ModifyRequest.model_validate_json(text)
        except ValidationError as error:
            raise misread(error) from error
        asked = request.speech_recognition or (request.config.speech_recognition if request.config else None)
        if asked is None:
            raise BadFrame("Invalid configuration.", "modify_request needs speechRecognition with encoding or sampleRateHertz.")
        sound = read_sound(asked, self._options.sound)
        self._options = replace(self._options, sound=sound)
        return Modified(sound)

    def _stop(self) -> Stopped:
        keep = self._options.keep_after_stop if self._state is _State.STREAMING else None
        self._state = _State.OVER if keep is None else _State.WAITING
        return Stopped(keep)
