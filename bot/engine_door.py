"""Where a running engine of this data folder is found, so that commands use it in place of one of their own."""

from __future__ import annotations

import logging
import os
import secrets
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeVar

import httpx
from pydantic import Field, ValidationError

from wire.base import Shape
from wire.tokens import TOKEN_PATH, TokenRequest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_Shape = TypeVar("_Shape", bound=Shape)

log = logging.getLogger(__name__)

PATIENCE = 5.0
"""Seconds that an engine may take to answer."""


class Door(Shape):
    """An engine's address and the credentials for it. Kept in a file that only its owner reads."""

    url: str
    app_id: str
    app_secret: str = Field(repr=False)


class Credentials(Shape):
    """`credentials.json`, as far as a client needs it; an engine that is started alone makes it."""

    app_id: str = Field(min_length=1)
    app_secret: str = Field(min_length=1, repr=False)


def announce(data_dir: Path, door: Door) -> None:
    """Write down where the engine is. Raises `OSError`."""
    path = _path(data_dir)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(door.wire())
    draft.replace(path)


def withdraw(data_dir: Path, door: Door) -> None:
    """The engine ends; what another one has written down meanwhile stays. Raises `OSError`."""
    if _announced(data_dir) == door:
        _path(data_dir).unlink(missing_ok=True)


async def find(data_dir: Path, port: int) -> Door | None:
    """An engine of this data folder that answers: the bot's own, or `minutes serve` on `port`."""
    for door in _candidates(data_dir, port):
        if await _opens(door):
            return door
    return None


def kept_credentials(folder: Path) -> Credentials | None:
    """Those of an engine that was started alone, from its folder."""
    return _read(Credentials, folder / "credentials.json")


def _candidates(data_dir: Path, port: int) -> Iterator[Door]:
    announced = _announced(data_dir)
    if announced is not None:
        yield announced
    kept = kept_credentials(data_dir / "engine")
    if kept is not None:
        yield Door(url=f"http://127.0.0.1:{port}", app_id=kept.app_id, app_secret=kept.app_secret)


async def _opens(door: Door) -> bool:
    """Whether an engine is there and takes the credentials."""
    request = TokenRequest(app_id=door.app_id, app_secret=door.app_secret)
    async with httpx.AsyncClient(base_url=door.url, timeout=PATIENCE, trust_env=False) as http:
        try:
            answer = await http.post(TOKEN_PATH, content=request.wire(), headers={"Content-Type": "application/json"})
        except httpx.HTTPError as error:
            log.debug("no engine at %s: %s", door.url, error)
            return False
    return answer.status_code == HTTPStatus.OK


def _path(data_dir: Path) -> Path:
    return data_dir / "engine" / "running.json"


def _announced(data_dir: Path) -> Door | None:
    return _read(Door, _path(data_dir))


def _read(kind: type[_Shape], path: Path) -> _Shape | None:
    try:
        return kind.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        log.debug("%s cannot be used: %s", path, type(error).__name__)
        return None
