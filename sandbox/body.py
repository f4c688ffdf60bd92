"""Reads members of a JSON object that a client sent; what has the wrong type is refused as Discord does (error 50035)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from sandbox.errors import invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.models import Json


def text(body: Mapping[str, object], name: str) -> str | None:
    """A string; None when missing or null."""
    value = body.get(name)
    if value is None or isinstance(value, str):
        return value
    raise invalid(name, "STRING_TYPE_CONVERT", "Could not interpret value as string.")


def integer(body: Mapping[str, object], name: str, default: int = 0) -> int:
    """A whole number, also written as a string of digits (snowflakes are)."""
    value = body.get(name)
    if value is None:
        return default
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        return int(value)
    raise invalid(name, "NUMBER_TYPE_COERCE", f'Value "{value}" is not int.')


def flag(body: Mapping[str, object], name: str, *, default: bool = False) -> bool:
    """True or false."""
    value = body.get(name)
    if value is None:
        return default
    if isinstance(value, bool):
        return value
    raise invalid(name, "BOOLEAN_TYPE_CONVERT", "Must be either true or false.")


def thing(body: Mapping[str, object], name: str) -> Json:
    """An object; empty when missing or null."""
    value = body.get(name)
    if value is None:
        return {}
    if isinstance(value, dict):
        return cast("Json", value)
    raise invalid(name, "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType.")


def things(body: Mapping[str, object], name: str) -> list[Json]:
    """A list of objects; empty when missing or null."""
    value = body.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise invalid(name, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType.")
    for index, item in enumerate(value):
        if not isinstance(item, dict):
            raise invalid(f"{name}.{index}", "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType.")
    return cast("list[Json]", value)


def texts(body: Mapping[str, object], name: str) -> list[str]:
    """A list of strings; empty when missing or null."""
    value = body.get(name)
    if value is None:
        return []
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return cast("list[str]", value)
    raise invalid(name, "LIST_TYPE_CONVERT", "Only lists of strings may be used here.")
