"""The description for people."""

from __future__ import annotations

import json
import re
from html import unescape
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest

import wire.base
import wire.conversations
import wire.detected
import wire.jobs
import wire.reports
import wire.tokens
from engine.manual.examples import example, kind

if TYPE_CHECKING:
    from tests.engine.server import Engine

MODULES = (wire.base, wire.conversations, wire.detected, wire.jobs, wire.reports, wire.tokens)
EXAMPLES: dict[str, Any] = json.loads((files("engine.manual") / "shapes.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_is_of_its_shape_and_comes_back_whole(name: str) -> None:
    shape = next(getattr(module, name) for module in MODULES if hasattr(module, name))
    told = shape.model_validate(EXAMPLES[name]).model_dump(mode="json", by_alias=True, exclude_unset=True)
    assert told == EXAMPLES[name]


async def test_the_page_shows_every_address_and_needs_no_other_site(running: Engine) -> None:
    document = (await running.http.get("/openapi.json")).json()
    answer = await running.http.get("/docs")
    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    shown = set(re.findall(r'data-method="(\w+)" data-path="([^"]+)"', answer.text))
    assert shown == {(method.upper(), path) for path, calls in document["paths"].items() for method in calls}
    assert len(shown) > 30
    for address in re.findall(r'(?:src|href)="([^"#]+)"', answer.text):
        assert address.startswith("/")
        assert (await running.http.get(address)).status_code == 200
    assert (await running.http.get("/docs/page.py")).status_code == 404


async def test_what_is_to_be_copied_works(running: Engine) -> None:
    page = (await running.http.get("/docs")).text
    (call,) = re.findall(r"<pre>(curl -X POST &#x27;\S+/v1/process/text&#x27;.*?)</pre>", page, re.DOTALL)
    command = unescape(call)
    assert f"'{running.url}/v1/process/text'" in command
    assert "-H 'Authorization: Bearer TOKEN'" in command
    (body,) = re.findall(r"-d '(.*)'$", command, re.DOTALL)
    headers = {"Authorization": f"Bearer {await running.token()}", "Content-Type": "application/json"}
    answer = await running.http.post("/v1/process/text", content=body, headers=headers)
    assert answer.status_code == 201


async def test_every_call_says_what_it_is_and_who_may_make_it(running: Engine) -> None:
    document = (await running.http.get("/openapi.json")).json()
    assert set(document["components"]["securitySchemes"]) == {"HTTPBearer", "APIKeyHeader"}
    tags = {tag["name"] for tag in document["tags"]}
    for path, calls in document["paths"].items():
        for method, call in calls.items():
            assert call["summary"], path
            assert call["description"], path
            assert set(call["tags"]) <= tags
            assert ("security" in call) == path.startswith("/v1/"), (method, path)


def test_examples_are_made_where_none_is_given() -> None:
    schemas = {"Inner": {"type": "object", "properties": {"when": {"type": "string", "format": "date-time"}}}}
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {
            "inner": {"$ref": "#/components/schemas/Inner"},
            "maybe": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
            "kind": {"enum": ["a", "b"]},
            "many": {"type": "array", "items": {"type": "number"}},
        },
    }
    assert example(schema, schemas) == {
        "inner": {"when": "2026-01-31T12:00:00.000Z"},
        "maybe": 1,
        "kind": "a",
        "many": [0.5],
    }
    assert kind(schema["properties"]["kind"], schemas) == "a | b"
    assert kind({"type": "integer", "minimum": 0, "maximum": 5}, schemas) == "integer, 0 to 5"


def test_a_shape_that_holds_itself_ends() -> None:
    schemas: dict[str, dict[str, Any]] = {"Tree": {"type": "object"}}
    schemas["Tree"]["properties"] = {"below": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}}
    assert "below" in str(example(schemas["Tree"], schemas))
