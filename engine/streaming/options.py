"""What a start request asks for, checked: bounds, defaults, the spellings that clients have for the same thing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from audio.errors import UnsupportedFormat
from engine.errors import BadFrame
from engine.streaming.intake import DEFAULT_FORMAT, SoundFormat, read_format
from wire.requests import Redaction, StreamConfig, TrackerSettings

if TYPE_CHECKING:
    from pydantic import ValidationError

    from wire.base import Person
    from wire.requests import SpeechRecognition, StartRequest, Tracker

MAX_NAME: Final = 256
"""Characters of a title, a name, a user id."""
MAX_SPEAKER: Final = 4_096
"""Characters of the speaker object, its unknown members included."""
MAX_PHRASES: Final = 1_000
MAX_PHRASE: Final = 100
MAX_TRACKERS: Final = 500
MAX_TRACKED: Final = 5_000
"""Phrases of all trackers together."""
MAX_TRACKED_PHRASE: Final = 200
MAX_MASK: Final = 16
MAX_TIMEOUT: Final = 1_800.0
"""Seconds; the documented bound of both timeouts, the default of the second, and what a mere `true` asks for."""
MAX_TIMEZONE: Final = 16 * 60


@dataclass(frozen=True, slots=True)
class TrackerWish:
    """A tracker as the client describes it."""

    name: str
    vocabulary: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StreamOptions:
    """What a start request asks for, with the defaults of the API filled in.

    `insight_types` is None where the request does not say. `timezone_offset` is in minutes behind UTC (480 is US Pacific
    time), both timeouts in seconds. `keep_after_stop` is None when a stop request ends the socket. `mask` is what stands in
    place of personal data, None where it stays as it was said.
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
    trackers: tuple[TrackerWish, ...] = field(default=())
    interims: bool = True
    interim_trackers: bool = False
    sentiment: bool = False
    entities: bool = False
    identify: bool = False
    mask: str | None = None


def read_options(request: StartRequest) -> StreamOptions:
    """Check what the types cannot say. Raises `BadFrame`."""
    config = request.config or StreamConfig()
    stays = request.disconnect_on_stop_request is False
    keep = _seconds("disconnectOnStopRequestTimeout", request.disconnect_on_stop_request_timeout, MAX_TIMEOUT)
    zone = config.timezone_offset or 0.0
    if not abs(zone) <= MAX_TIMEZONE:
        raise _wrong(f"timezoneOffset must be minutes between -{MAX_TIMEZONE} and {MAX_TIMEZONE}.")
    threshold = 0.5 if config.confidence_threshold is None else config.confidence_threshold
    if not 0 <= threshold <= 1:
        raise _wrong("confidenceThreshold must be between 0 and 1.")
    types = request.insight_types
    interim_trackers = bool((config.trackers or TrackerSettings()).interim_results)
    redaction = config.redaction or Redaction()
    return StreamOptions(
        sound=read_sound(config.speech_recognition, DEFAULT_FORMAT),
        speaker=_speaker(request.speaker),
        title=_short("meetingTitle", request.meeting_title or config.meeting_title),
        insight_types=None if types is None else frozenset(types),
        vocabulary=_vocabulary(request.custom_vocabulary),
        language=_short("languageCode", config.language_code) or "en-US",
        confidence_threshold=threshold,
        timezone_offset=zone,
        no_connection_timeout=_seconds("noConnectionTimeout", request.no_connection_timeout, 0.0),
        keep_after_stop=keep if stays and keep > 0 else None,
        trackers=_trackers(request.trackers),
        interims=config.interim_results is not False or interim_trackers,
        interim_trackers=interim_trackers,
        sentiment=bool(config.sentiment),
        entities=bool(config.detect_entities),
        identify=bool(redaction.identify_content),
        mask=_mask(redaction),
    )


def read_sound(request: SpeechRecognition | None, now: SoundFormat) -> SoundFormat:
    """The form of sound that is asked for; what is left out stays as it is `now`. Raises `BadFrame`."""
    if request is None:
        return now
    sent = request.model_fields_set
    encoding = request.encoding if "encoding" in sent else None
    rate = request.sample_rate_hertz if "sample_rate_hertz" in sent else None
    try:
        return read_format(encoding, rate, now)
    except UnsupportedFormat as error:
        raise _wrong(str(error)) from error


def misread(error: ValidationError) -> BadFrame:
    """The first thing that is wrong with the types of a request, by its name on the wire."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    path = [str(part) for part in first["loc"] if part not in {"bool", "float"}]  # the members of a union are named, too
    if path and path[-1] == "sampleRateHertz":
        return _wrong("sampleRateHertz must be a valid number.")
    if path and path[-1].endswith("Timeout"):
        return _wrong(f"{path[-1]} must be a number of seconds between 0 and {MAX_TIMEOUT:g}.")
    return _wrong(f"{'.'.join(path)}: {first['msg']}.")


def _speaker(speaker: Person | None) -> Person | None:
    if speaker is None:
        return None
    if len(speaker.wire()) > MAX_SPEAKER:
        raise _wrong(f"speaker holds at most {MAX_SPEAKER} characters.")
    for name, value in (("userId", speaker.user_id), ("name", speaker.name), ("email", speaker.email)):
        _short(f"speaker.{name}", value)
    return speaker if speaker.user_id or speaker.name or speaker.email else None


def _vocabulary(phrases: list[str] | None) -> tuple[str, ...]:
    kept = tuple(phrase.strip() for phrase in phrases or () if phrase.strip())
    if len(kept) > MAX_PHRASES or any(len(phrase) > MAX_PHRASE for phrase in kept):
        raise _wrong(f"customVocabulary holds at most {MAX_PHRASES} phrases of {MAX_PHRASE} characters.")
    return kept


def _trackers(trackers: list[Tracker] | None) -> tuple[TrackerWish, ...]:
    """Those with a phrase to look for."""
    asked = trackers or []
    phrases = [phrase for tracker in asked for phrase in tracker.vocabulary]
    if len(asked) > MAX_TRACKERS or len(phrases) > MAX_TRACKED or any(len(phrase) > MAX_TRACKED_PHRASE for phrase in phrases):
        raise _wrong(
            f"trackers: at most {MAX_TRACKERS} trackers with {MAX_TRACKED} phrases of {MAX_TRACKED_PHRASE} characters together."
        )
    if any(not tracker.name.strip() for tracker in asked):
        raise _wrong("trackers: each tracker needs a name.")
    wishes = (
        TrackerWish(
            _short("trackers.name", tracker.name) or "", tuple(phrase.strip() for phrase in tracker.vocabulary if phrase.strip())
        )
        for tracker in asked
    )
    return tuple(wish for wish in wishes if wish.vocabulary)


def _mask(redaction: Redaction) -> str | None:
    mask = redaction.redaction_string
    if mask is not None and not 1 <= len(mask) <= MAX_MASK:
        raise _wrong(f"redactionString must have 1 to {MAX_MASK} characters.")
    return (mask or "****") if redaction.redact_content else None


def _short(name: str, value: str | None) -> str | None:
    if value is not None and len(value) > MAX_NAME:
        raise _wrong(f"{name} holds at most {MAX_NAME} characters.")
    return value


def _seconds(name: str, value: bool | float | None, default: float) -> float:  # noqa: FBT001 - one client's type allows a bool
    if value is None:
        return default
    if isinstance(value, bool):
        return MAX_TIMEOUT if value else 0.0
    if not 0 <= value <= MAX_TIMEOUT:
        raise _wrong(f"{name} must be between 0 and {MAX_TIMEOUT:g}.")
    return value


def _wrong(details: str) -> BadFrame:
    return BadFrame("Invalid configuration.", details)
