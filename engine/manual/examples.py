"""An example for every JSON schema: the one that it brings along, else one made of its parts. No I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_DEPTH: Final = 8
_PLAIN: Final[dict[str, object]] = {"string": "text", "integer": 1, "number": 0.5, "boolean": True, "null": None}
_FORMATS: Final = {"date-time": "2026-01-31T12:00:00.000Z", "binary": "(the file)"}

Schema = dict[str, Any]
"""A JSON schema, as OpenAPI 3.1 holds it."""


def resolve(schema: Schema, schemas: Mapping[str, Schema]) -> Schema:
    """What a reference leads to."""
    reference = schema.get("$ref")
    return schemas[str(reference).rpartition("/")[2]] if reference else schema


def example(schema: Schema, schemas: Mapping[str, Schema], depth: int = 0) -> object:
    """A value that fits; members that may be missing are there where they are simple."""
    schema = resolve(schema, schemas)
    for given in ("example", "const", "default"):
        if schema.get(given) is not None and (given != "default" or schema[given] not in ([], {})):
            return schema[given]
    if examples := schema.get("examples"):
        return examples[0]
    if values := schema.get("enum"):
        return values[0]
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        wanted = [choice for choice in choices if choice.get("type") != "null"]
        return example(wanted[0], schemas, depth) if wanted else None
    if schema.get("type") == "array":
        return [example(schema.get("items", {}), schemas, depth + 1)] if depth < MAX_DEPTH else []
    if schema.get("type") == "object" or "properties" in schema:
        members = schema.get("properties", {}) if depth < MAX_DEPTH else {}
        return {name: example(member, schemas, depth + 1) for name, member in members.items()}
    kind = str(schema.get("type", ""))
    return _FORMATS.get(str(schema.get("format"))) if schema.get("format") in _FORMATS else _PLAIN.get(kind, {})


def kind(schema: Schema, schemas: Mapping[str, Schema]) -> str:
    """What a parameter takes, in a few words."""
    schema = resolve(schema, schemas)
    if values := schema.get("enum"):
        return " | ".join(str(value) for value in values)
    if choices := schema.get("anyOf"):
        return " | ".join(kind(choice, schemas) for choice in choices if choice.get("type") != "null")
    if schema.get("type") == "array":
        return f"{kind(schema.get('items', {}), schemas)}, several times"
    bounds = [str(schema[bound]) for bound in ("minimum", "maximum") if bound in schema]
    name = str(schema.get("format") or schema.get("type", "anything"))
    return f"{name}, {' to '.join(bounds)}" if len(bounds) == 2 else name
