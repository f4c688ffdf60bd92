"""Languages by their names: what people choose in commands. Which of them are understood is the engine's to say."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Final

from bot.errors import RefusedError

DEFAULT: Final = "en-US"

_CODE: Final = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*|auto")


@cache
def _names() -> dict[str, tuple[str, ...]]:
    """Names by code."""
    lines = (Path(__file__).parent / "data" / "languages.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split(" ", 1) for line in lines if not line.startswith("#"))
    return {code: tuple(names.split(", ")) for code, names in pairs}


def code_of(text: str) -> str:
    """The code that somebody means by a name or a code. Raises `RefusedError`."""
    wanted = text.strip()
    named = next((code for code, names in _names().items() if wanted.casefold() in {name.casefold() for name in names}), None)
    if named is not None:
        return named
    if _CODE.fullmatch(wanted) and re.split("[-_]", wanted)[0].lower() in _names():
        return wanted
    raise RefusedError(
        f'I know no language "{text[:40]}": write its name (German) or its code (de), or auto to have it detected.'
    )


def name_of(code: str) -> str:
    """What people call the language of a code."""
    names = _names().get(re.split("[-_]", code)[0].lower())
    return names[0] if names else code


def suggestions(text: str, limit: int) -> list[tuple[str, str]]:
    """Name and code of the languages that begin like this, at most `limit`."""
    wanted = text.strip().casefold()
    found = [
        (" / ".join(names), code)
        for code, names in _names().items()
        if any(name.casefold().startswith(wanted) for name in (code, *names))
    ]
    return found[:limit]
