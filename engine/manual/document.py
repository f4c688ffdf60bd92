"""The OpenAPI document: what FastAPI reads from the routes, with an example for each shape that people meet."""

from __future__ import annotations

import json
from importlib.metadata import version
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from fastapi.openapi.utils import get_openapi

if TYPE_CHECKING:
    from fastapi import FastAPI

TITLE: Final = "Minutes engine"
INTRO: Final = (
    "Symbl.ai's Streaming, Conversation and Async API on your own machine.\n\n"
    "Get a token with the application's id and secret (`minutes serve` says where they are), put it into "
    "`Authorization: Bearer ...`, and ask. Sound is streamed over a WebSocket at `/v1/streaming/{connectionId}`; what is said there "
    "can be read here at once."
)
_OWN: Final = "/web/"
"""What the engine's own page asks is nobody else's business."""
TAGS: Final = [
    {"name": "Tokens", "description": "Everything below needs a token. An application sees only its own conversations."},
    {"name": "Conversations", "description": "What there is, what it is called, and who takes part."},
    {"name": "Messages and insights", "description": "What was said, and what was found in it; also while it is being said."},
    {"name": "Reports", "description": "Figures, summaries and texts of a whole conversation."},
    {
        "name": "Async",
        "description": "Text and recordings that are handed over whole. The work is a job; its webhook is told how it stands.",
    },
    {"name": "Service", "description": "The engine itself."},
]


def describe(app: FastAPI) -> dict[str, Any]:
    """The document, made once."""
    if app.openapi_schema is None:
        document = get_openapi(title=TITLE, version=version("minutes-bot"), description=INTRO, routes=app.routes, tags=TAGS)
        shapes = json.loads((files("engine.manual") / "shapes.json").read_text(encoding="utf-8"))
        for name, example in shapes.items():
            document["components"]["schemas"][name]["examples"] = [example]
        _drop_unsaid(document)
        for path in [path for path in document["paths"] if path.startswith(_OWN)]:
            del document["paths"][path]
        app.openapi_schema = document
    return app.openapi_schema


def _drop_unsaid(document: dict[str, Any]) -> None:
    """FastAPI promises 422 for every call; here what is wrong with a request is always 400."""
    for operations in document["paths"].values():
        for operation in operations.values():
            operation["responses"].pop("422", None)
    for name in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(name, None)
