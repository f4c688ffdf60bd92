"""Server frames with recognised speech: interim results replace each other until a final one."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from wire.base import Person, Shape


class Moment(Shape):
    """A time since the start of the stream; both members are strings on the wire."""

    seconds: str = "0"
    nanos: str = "0"


class RecognisedWord(Shape):
    """A word and when it was said."""

    word: str
    start_time: Moment
    end_time: Moment


class Alternative(Shape):
    """One reading of the utterance, confidence 0 to 1."""

    transcript: str = ""
    confidence: float = 0.0
    words: list[RecognisedWord] = Field(default_factory=list)


class RawAlternatives(Shape):
    """The list around the readings."""

    alternatives: list[Alternative] = Field(default_factory=list)


class ResultPayload(Shape):
    """The envelope around the readings."""

    raw: RawAlternatives = Field(default_factory=RawAlternatives)


class Punctuated(Shape):
    """The text as a person would write it."""

    transcript: str = ""


class RecognitionResult(Shape):
    """The whole utterance so far."""

    type: Literal["recognition_result"] = "recognition_result"
    is_final: bool = False
    payload: ResultPayload = Field(default_factory=ResultPayload)
    punctuated: Punctuated = Field(default_factory=Punctuated)
    user: Person = Field(default_factory=Person)


class SoundLost(Shape):
    """An addition of this engine: sound that could not be recognised; seconds since the stream began. It is no message and no result."""

    type: Literal["sound_lost"] = "sound_lost"
    start: float
    end: float
    user: Person = Field(default_factory=Person)


class RecognitionFrame(Shape):
    """The envelope; `time_offset` in ms since the stream began."""

    type: Literal["message"] = "message"
    message: RecognitionResult | SoundLost
    time_offset: int = 0
