"""Who may ask: the JWTs that application credentials are traded for."""

from __future__ import annotations

import contextlib
import hmac
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import jwt

from engine.errors import Unauthorized

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection

    from engine.clock import Clock
    from engine.credentials import Credentials

TOKEN_SECONDS: Final = 86_400
RENEW_SECONDS: Final = 60
"""Clients throw away a token with this much left or less, so it is not given out again."""
ISSUER: Final = "https://minutes.invalid/"
AUDIENCE: Final = "https://platform.minutes.invalid"
INVALID_TOKEN: Final = "Token validation failed for provided token."  # noqa: S105 - the service's own sentence, not a secret
PAGE_APPLICATION: Final = "minutes-page"
"""The page in the browser is an application of its own: it sees its own conversations, and nobody else's.

The engine's first application, its owner's, sees them as well.
"""
PAGE_SECONDS: Final = 900
_SUBJECT_SUFFIX: Final = "@clients"


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

    def link(self, app_id: str, conversation_id: str, seconds: int) -> Token:
        """What lets whoever has it read this one conversation's page, and nothing else."""
        return self._sign(app_id, int(self._clock.time()), seconds, conversation=conversation_id)

    def sees(self, app_id: str) -> tuple[str, ...]:
        """The applications whose conversations an application may ask for: its own; the owner's also sees the page's."""
        owner = next(iter(self._credentials.applications))
        return (app_id, PAGE_APPLICATION) if app_id == owner else (app_id,)

    def _sign(self, app_id: str, now: int, seconds: int = TOKEN_SECONDS, **more: str) -> Token:
        expires = now + seconds
        claims = {"iss": ISSUER, "sub": f"{app_id}{_SUBJECT_SUFFIX}", "aud": AUDIENCE, "iat": now, "exp": expires, **more}
        text = jwt.encode(claims, self._credentials.signing_key, algorithm="HS256", json_encoder=_PlainBase64)
        return Token(text, expires)

    def application(self, token: str, conversation_id: str | None = None) -> str:
        """The application id that the token was given to; a link to this conversation counts where one is named.

        Raises:
            Unauthorized: it was not given out here, its time is over, or it is a link to something else.
        """
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
        if claims.get("conversation", conversation_id) != conversation_id:
            raise Unauthorized(INVALID_TOKEN)
        return app_id

    def of_request(self, connection: HTTPConnection, conversation_id: str | None = None) -> str:
        """The application that asks, by `Authorization: Bearer` or `x-api-key`; `conversation_id` as in `application`.

        Raises:
            Unauthorized: it has no good token.
        """
        return self._first(_header_tokens(connection), conversation_id)

    def of_upgrade(self, connection: HTTPConnection, subprotocols: list[str]) -> str:
        """The same for a WebSocket, which may also carry its token as `?access_token=` or as a subprotocol."""
        query = [connection.query_params.get(name, "") for name in ("access_token", "accessToken")]
        return self._first([*_header_tokens(connection), *query, *subprotocols])

    def _first(self, candidates: list[str], conversation_id: str | None = None) -> str:
        for candidate in filter(None, candidates):
            with contextlib.suppress(Unauthorized):  # another of the four places may hold a good one
                return self.application(candidate, conversation_id)
        raise Unauthorized(INVALID_TOKEN)


def _header_tokens(connection: HTTPConnection) -> list[str]:
    scheme, _, bearer = connection.headers.get("authorization", "").partition(" ")
    return [bearer.strip() if scheme.lower() == "bearer" else "", connection.headers.get("x-api-key", "")]
