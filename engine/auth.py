"""Who may ask: application credentials, and the JWTs that they are traded for."""

from __future__ import annotations

import contextlib
import hmac
import json
import os
import secrets
import string
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import jwt
from pydantic import Field, ValidationError

from engine.errors import SettingsError, Unauthorized
from wire.base import Shape

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from starlette.requests import HTTPConnection

    from engine.clock import Clock
    from engine.settings import EngineSettings

APP_ID_LENGTH: Final = 64
APP_SECRET_LENGTH: Final = 128
TOKEN_SECONDS: Final = 86_400
RENEW_SECONDS: Final = 60
"""Clients throw away a token with this much left or less, so it is not given out again."""
ISSUER: Final = "https://minutes.invalid/"
AUDIENCE: Final = "https://platform.minutes.invalid"
INVALID_TOKEN: Final = "Token validation failed for provided token."  # noqa: S105 - the service's own sentence, not a secret
PAGE_APPLICATION: Final = "minutes-page"
"""The page in the browser is an application of its own: it sees its own conversations, and nobody else's."""
PAGE_SECONDS: Final = 900
_ALPHABET: Final = string.ascii_letters + string.digits
_SUBJECT_SUFFIX: Final = "@clients"


class _Kept(Shape):
    """What stands in `credentials.json`."""

    app_id: str = Field(min_length=1)
    app_secret: str = Field(min_length=1)
    signing_key: str = Field(min_length=32)


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
    path = credentials_path(settings)
    try:
        kept = _read(path) if path.exists() else _create(path)
    except OSError as error:
        raise SettingsError(f"{path} cannot be used ({error.strerror}): point DATA_DIR to a folder you can write to.") from error
    application = {given_id: given_secret} if given_id else {kept.app_id: kept.app_secret}
    return Credentials(application, kept.signing_key)


def credentials_path(settings: EngineSettings) -> Path:
    """Where the engine's own application id and secret are kept."""
    return settings.data_dir / "engine" / "credentials.json"


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
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(kept.as_json(), file, indent=2)
    draft.replace(path)
    return kept


def _bots_id(path: Path) -> str:
    """The id that the bot's own engine has in this folder: conversations belong to an id, and are to be the same for both."""
    try:
        kept = path.read_text(encoding="ascii").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        return ""
    return kept if len(kept) == APP_ID_LENGTH and kept.isalnum() else ""


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


class _PlainBase64(json.JSONEncoder):
    """JSON whose base64url needs neither `-` nor `_`: browser clients decode the claims with `atob`, which knows neither.

    In ASCII only `>`, `?`, `~` and DEL can come out as one of the two, so they are written as escapes.
    """

    def encode(self, o: object) -> str:
        text = super().encode(o)
        for character in ">?~\x7f":
            text = text.replace(character, f"\\u{ord(character):04x}")
        return text


@dataclass(frozen=True, slots=True)
class Token:
    """A JWT and the time that it dies, seconds since the epoch."""

    text: str
    expires: float


class Tokens:
    """Gives out tokens and reads them: HS256, the same one to an application for as long as it lives."""

    def __init__(self, credentials: Credentials, clock: Clock) -> None:
        self._credentials = credentials
        self._clock = clock
        self._alive: dict[str, Token] = {}

    def issue(self, app_id: str, app_secret: str) -> tuple[str, int]:
        """The token and the whole seconds that it still lives. Raises `Unauthorized`."""
        expected = self._credentials.applications.get(app_id, "")
        matches = hmac.compare_digest(expected.encode(), app_secret.encode())
        if not (expected and matches):
            raise Unauthorized("The appId or the appSecret is wrong.")
        now = self._clock.time()
        token = self._alive.get(app_id)
        if token is None or token.expires - now <= RENEW_SECONDS:
            token = self._alive[app_id] = self._sign(app_id, int(now))
        return token.text, int(token.expires - now)

    def issue_to_page(self) -> tuple[str, int]:
        """A token of `PAGE_APPLICATION` and the seconds that it lives; whoever calls has made sure who asks."""
        return self._sign(PAGE_APPLICATION, int(self._clock.time()), PAGE_SECONDS).text, PAGE_SECONDS

    def _sign(self, app_id: str, now: int, seconds: int = TOKEN_SECONDS) -> Token:
        expires = now + seconds
        claims = {"iss": ISSUER, "sub": f"{app_id}{_SUBJECT_SUFFIX}", "aud": AUDIENCE, "iat": now, "exp": expires}
        text = jwt.encode(claims, self._credentials.signing_key, algorithm="HS256", json_encoder=_PlainBase64)
        return Token(text, expires)

    def application(self, token: str) -> str:
        """The application id that the token was given to. Raises `Unauthorized`."""
        try:
            claims = jwt.decode(
                token,
                self._credentials.signing_key,
                algorithms=["HS256"],
                audience=AUDIENCE,
                issuer=ISSUER,
                # The times are checked below, by the clock that was passed in.
                options={"require": ["sub", "exp"], "verify_exp": False, "verify_iat": False},
            )
        except jwt.PyJWTError as error:
            raise Unauthorized(INVALID_TOKEN) from error
        app_id = str(claims["sub"]).removesuffix(_SUBJECT_SUFFIX)
        if not isinstance(claims["exp"], int) or claims["exp"] <= self._clock.time():
            raise Unauthorized(INVALID_TOKEN)
        if app_id != PAGE_APPLICATION and app_id not in self._credentials.applications:
            raise Unauthorized(INVALID_TOKEN)
        return app_id

    def of_request(self, connection: HTTPConnection) -> str:
        """The application that asks, by `Authorization: Bearer` or `x-api-key`. Raises `Unauthorized`."""
        return self._first(_header_tokens(connection))

    def of_upgrade(self, connection: HTTPConnection, subprotocols: list[str]) -> str:
        """The same for a WebSocket, which may also carry its token as `?access_token=` or as a subprotocol."""
        query = [connection.query_params.get(name, "") for name in ("access_token", "accessToken")]
        return self._first([*_header_tokens(connection), *query, *subprotocols])

    def _first(self, candidates: list[str]) -> str:
        for candidate in filter(None, candidates):
            with contextlib.suppress(Unauthorized):  # another of the four places may hold a good one
                return self.application(candidate)
        raise Unauthorized(INVALID_TOKEN)


def _header_tokens(connection: HTTPConnection) -> list[str]:
    scheme, _, bearer = connection.headers.get("authorization", "").partition(" ")
    return [bearer.strip() if scheme.lower() == "bearer" else "", connection.headers.get("x-api-key", "")]
