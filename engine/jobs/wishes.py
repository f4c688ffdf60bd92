"""The query of a call that brings sound, read tolerantly: lists and objects stand in it as JSON."""

from __future__ import annotations

from typing import Annotated, TypeVar

from fastapi import Query
from pydantic import ValidationError
from pydantic_core import from_json

from engine.errors import BadRequest
from wire.base import Shape
from wire.jobs import SoundWishes

_Shape = TypeVar("_Shape", bound=Shape)


def sound_wishes(
    *,
    name: Annotated[str | None, Query(description="Default: the conversation's id.")] = None,
    confidence_threshold: Annotated[float | None, Query(alias="confidenceThreshold", ge=0, le=1)] = None,
    detect_phrases: Annotated[bool, Query(alias="detectPhrases", description="Name the key phrases of messages.")] = False,
    detect_entities: Annotated[bool, Query(alias="detectEntities")] = False,
    entities: Annotated[str | None, Query(description='JSON: `[{"customType", "text", "value"}]`')] = None,
    trackers: Annotated[str | None, Query(description='JSON: `[{"name", "vocabulary": [...]}]`')] = None,
    redaction: Annotated[str | None, Query(description='JSON: `{"identifyContent", "redactContent", "redactionString"}`')] = None,
    enable_summary: Annotated[bool, Query(alias="enableSummary")] = False,
    webhook_url: Annotated[str | None, Query(alias="webhookUrl", description="Is told of every change of state.")] = None,
    language_code: Annotated[
        str | None,
        Query(alias="languageCode", description="en-US, en-GB, ...; others, and auto, where ENGINE_MODEL names a model for them"),
    ] = None,
    custom_vocabulary: Annotated[
        list[str] | None,
        Query(alias="customVocabulary", description="Names and terms to listen for: a JSON array, or once for each."),
    ] = None,
    separate: Annotated[
        bool, Query(alias="enableSeparateRecognitionPerChannel", description="Each channel is a speaker.")
    ] = False,
    channel_metadata: Annotated[
        str | None, Query(alias="channelMetadata", description='JSON: `[{"channel": 1, "speaker": {"name", "email"}}]`')
    ] = None,
) -> SoundWishes:
    """What the query asks for. Raises `BadRequest`."""
    phrases = custom_vocabulary
    listed = phrases is not None and len(phrases) == 1 and phrases[0].lstrip().startswith("[")
    given: dict[str, object] = {
        "name": name,
        "confidenceThreshold": confidence_threshold,
        "detectPhrases": detect_phrases,
        "detectEntities": detect_entities,
        "entities": _parsed("entities", entities),
        "trackers": _parsed("trackers", trackers),
        "redaction": _parsed("redaction", redaction),
        "enableSummary": enable_summary,
        "webhookUrl": webhook_url,
        "languageCode": language_code,
        "customVocabulary": _parsed("customVocabulary", phrases[0]) if phrases and listed else phrases,
        "enableSeparateRecognitionPerChannel": separate,
        "channelMetadata": _parsed("channelMetadata", channel_metadata),
    }
    return read(SoundWishes, {key: value for key, value in given.items() if value is not None})


def read(shape: type[_Shape], given: object) -> _Shape:
    """A shape, or what is wrong with it. Raises `BadRequest`."""
    try:
        return shape.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        raise BadRequest(f'"{".".join(str(part) for part in first["loc"])}" is wrong: {first["msg"]}.') from error


def _parsed(name: str, text: str | None) -> object:
    if not text:
        return None
    try:
        parsed: object = from_json(text, allow_inf_nan=False)
    except ValueError as error:
        raise BadRequest(f'"{name}" must be JSON.') from error
    return parsed
