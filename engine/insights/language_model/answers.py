"""What the model is asked to answer with, as shapes: they give the JSON schema, and they read the answer."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from engine.insights.language_model.faults import BadAnswer

_Text = Annotated[str, StringConstraints(max_length=2_000)]
_Ids = Annotated[list[Annotated[str, StringConstraints(max_length=40)]], Field(max_length=200)]


class _Strict(BaseModel):
    """Every member is required and no other is known: what servers that enforce a schema want."""

    model_config = ConfigDict(extra="forbid")


class ItemAnswer(_Strict):
    """Something to do."""

    kind: Literal["action_item", "follow_up"]
    text: _Text
    assignee: _Text
    due: _Text
    message_ids: _Ids


class TextAnswer(_Strict):
    """A question or a topic."""

    text: _Text
    message_ids: _Ids


class PointAnswer(_Strict):
    """A sentence of the summary."""

    kind: Literal["discussed", "decided", "open"]
    text: _Text
    message_ids: _Ids


class PassageAnswer(_Strict):
    """What one part of the transcript came to."""

    action_items: list[ItemAnswer] = Field(max_length=100)
    questions: list[TextAnswer] = Field(max_length=100)
    topics: list[TextAnswer] = Field(max_length=100)
    points: list[PointAnswer] = Field(max_length=100)


class DigestAnswer(_Strict):
    """The summary of the whole."""

    points: list[PointAnswer] = Field(max_length=100)


Answer = TypeVar("Answer", PassageAnswer, DigestAnswer)


def schema(kind: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema of an answer. Length limits are left to the reading: not every server knows them."""
    found: dict[str, Any] = _without_limits(kind.model_json_schema())
    return found


def read(kind: type[Answer], text: str) -> Answer:
    """An answer from the model's text, which may think aloud before it and fence it. Raises `BadAnswer`."""
    spoken = text.rsplit("</think>", 1)[-1]
    begin, end = spoken.find("{"), spoken.rfind("}")
    if begin < 0:
        raise BadAnswer("gave an empty answer" if not spoken.strip() else "gave an answer that is not JSON")
    try:
        return kind.model_validate_json(spoken[begin : end + 1])
    except ValidationError as error:
        kinds = {problem["type"] for problem in error.errors(include_url=False, include_input=False)}
        raise BadAnswer(
            "gave an answer that is not JSON"
            if "json_invalid" in kinds
            else "gave an answer of another form than it was asked for"
        ) from None


def _without_limits(node: Any) -> Any:
    if isinstance(node, dict):
        return {
            key: _without_limits(value)
            for key, value in node.items()
            if key not in {"maxLength", "maxItems", "description", "title"}
        }
    if isinstance(node, list):
        return [_without_limits(value) for value in node]
    return node
