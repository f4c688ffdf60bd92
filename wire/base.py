"""What every shape on the wire has in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Shape(BaseModel):
    """A JSON object of the API: snake_case in Python, camelCase on the wire, unknown members ignored."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, validate_by_alias=True, extra="ignore")

    def wire(self) -> str:
        """The JSON text to send; members that are None are left out."""
        return self.model_dump_json(by_alias=True, exclude_none=True)

    def as_json(self) -> dict[str, object]:
        """The same as `wire()`, as a dictionary of JSON values."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class Person(Shape):
    """Somebody who speaks: `id` is the service's own UUID for them within the conversation, `user_id` the client's name for them."""

    model_config = ConfigDict(extra="allow")

    id: str | None = None
    name: str | None = None
    user_id: str | None = None
    email: str | None = None


class Payload(Shape):
    """Text and its kind, in messages and insights."""

    content: str = ""
    content_type: str = "text/plain"


class Polarity(Shape):
    """From -1 (negative) to 1 (positive)."""

    score: float = 0.0


class Sentiment(Shape):
    """Polarity, and the word for it: negative, neutral, positive."""

    polarity: Polarity
    suggested: str = "neutral"
