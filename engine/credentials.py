"""The applications that may ask: their ids and secrets, and the key that tokens are signed with, kept in one file."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import string
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pydantic import Field, ValidationError

from engine.errors import SettingsError
from wire.base import Shape

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from engine.settings import EngineSettings

APP_ID_LENGTH: Final = 64
APP_SECRET_LENGTH: Final = 128
MAX_APPLICATIONS: Final = 1_000
MAX_NAME: Final = 64
_ALPHABET: Final = string.ascii_letters + string.digits


class Application(Shape):
    """A program that may ask; it sees its own conversations and nobody else's. The name is for people."""

    name: str = Field(min_length=1, max_length=MAX_NAME)
    app_id: str = Field(min_length=1)
    app_secret: str = Field(min_length=1)


class _Kept(Shape):
    """What stands in `credentials.json`."""

    app_id: str = Field(min_length=1)
    app_secret: str = Field(min_length=1)
    signing_key: str = Field(min_length=32)
    applications: list[Application] = Field(default_factory=list, max_length=MAX_APPLICATIONS)
    """Those beside the first."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """The applications that may ask, by id, and the key that tokens are signed with."""

    applications: Mapping[str, str]
    signing_key: str


def load_credentials(settings: EngineSettings) -> Credentials:
    """The application of the settings, else the one kept in `DATA_DIR/engine/credentials.json`, made at the first start.

    Raises:
        SettingsError: half a pair is set, or the file cannot be read or written.
    """
    given_id, given_secret = settings.app_id, settings.app_secret.get_secret_value()
    if bool(given_id) != bool(given_secret):
        missing = "ENGINE_APP_SECRET" if given_id else "ENGINE_APP_ID"
        raise SettingsError(f"{missing} is missing: set both ENGINE_APP_ID and ENGINE_APP_SECRET, or neither.")
    kept = _kept(settings)
    first = {given_id: given_secret} if given_id else {kept.app_id: kept.app_secret}
    others = {one.app_id: one.app_secret for one in kept.applications}
    return Credentials({**first, **others, **first}, kept.signing_key)


def applications(settings: EngineSettings) -> list[Application]:
    """The applications beside the first. Raises `SettingsError`."""
    return _kept(settings).applications


def add_application(settings: EngineSettings, name: str) -> Application:
    """Make an id and a secret for one more application; an engine that runs knows it from its next start on.

    Raises:
        SettingsError: the name is taken, empty or too long, there are too many, or the file cannot be read or written.
    """
    kept = _kept(settings)
    if not 1 <= len(name) <= MAX_NAME or not name.isprintable():
        raise SettingsError(f"The name of an application has 1 to {MAX_NAME} printable characters.")
    if any(one.name == name for one in kept.applications):
        raise SettingsError(f"There is an application {name} already: choose another name, or remove it first.")
    if len(kept.applications) >= MAX_APPLICATIONS:
        raise SettingsError(f"There are {MAX_APPLICATIONS} applications already: remove some first.")
    added = Application(name=name, app_id=_random(APP_ID_LENGTH), app_secret=_random(APP_SECRET_LENGTH))
    _write(settings, kept.model_copy(update={"applications": [*kept.applications, added]}))
    return added


def remove_application(settings: EngineSettings, name: str) -> None:
    """Forget an application; its tokens die with the next start of the engine, its conversations stay.

    Raises:
        SettingsError: there is none of that name, or the file cannot be read or written.
    """
    kept = _kept(settings)
    rest = [one for one in kept.applications if one.name != name]
    if len(rest) == len(kept.applications):
        known = ", ".join(one.name for one in rest) or "none"
        raise SettingsError(f"There is no application {name}; there are: {known}.")
    _write(settings, kept.model_copy(update={"applications": rest}))


def credentials_path(settings: EngineSettings) -> Path:
    """Where the engine's own application id and secret are kept."""
    return settings.data_dir / "engine" / "credentials.json"


def _kept(settings: EngineSettings) -> _Kept:
    path = credentials_path(settings)
    with _spoken(path):
        return _read(path) if path.exists() else _create(path)


def _write(settings: EngineSettings, kept: _Kept) -> None:
    path = credentials_path(settings)
    with _spoken(path):
        _save(path, kept)


@contextlib.contextmanager
def _spoken(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SettingsError(f"{path} cannot be used ({error.strerror}): point DATA_DIR to a folder you can write to.") from error


def _read(path: Path) -> _Kept:
    try:
        return _Kept.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise SettingsError(f"{path} is damaged: delete it, and the engine makes new credentials.") from error


def _create(path: Path) -> _Kept:
    kept = _Kept(
        app_id=_bots_id(path.with_name("application-id")) or _random(APP_ID_LENGTH),
        app_secret=_random(APP_SECRET_LENGTH),
        signing_key=_random(APP_ID_LENGTH),
    )
    _save(path, kept)
    return kept


def _save(path: Path, kept: _Kept) -> None:
    """Whole or not at all, and for the owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(kept.as_json(), file, indent=2)
    draft.replace(path)


def _bots_id(path: Path) -> str:
    """The id that the bot's own engine has in this folder: conversations belong to an id, and are to be the same for both."""
    try:
        kept = path.read_text(encoding="ascii").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        return ""
    return kept if len(kept) == APP_ID_LENGTH and kept.isalnum() else ""


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
