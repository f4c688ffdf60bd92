"""The access token: fetched when needed, kept until shortly before it expires."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING

import httpx
from pydantic import ValidationError

from bot.errors import EngineDown, EngineRefused, ProtocolError
from wire.tokens import TOKEN_PATH, Refusal, TokenAnswer, TokenRequest

if TYPE_CHECKING:
    from pydantic import SecretStr

    from bot.clock import Clock

MARGIN = 60.0
"""Seconds before its expiry at which a token is no longer used."""


def refusal(response: httpx.Response) -> EngineRefused:
    """The error for an answer that is not a success, in the server's own words where it has any."""
    try:
        words = Refusal.model_validate_json(response.content).message.rstrip(".")
    except ValidationError:
        words = response.reason_phrase or "no reason given"
    return EngineRefused(f"The engine answered {response.status_code}: {words}.", status=response.status_code)


class TokenSource:
    """`POST /oauth2/token:generate`, once for everybody who asks at the same time."""

    def __init__(self, http: httpx.AsyncClient, app_id: str, app_secret: SecretStr, clock: Clock) -> None:
        self._http = http
        self._app_id = app_id
        self._app_secret = app_secret
        self._clock = clock
        self._lock = asyncio.Lock()
        self._token: str | None = None
        self._until = 0.0

    async def token(self) -> str:
        """A token that still lives. Raises `EngineDown`, `EngineRefused` or `ProtocolError`."""
        async with self._lock:
            if self._token is None or self._clock.monotonic() >= self._until:
                answer = await self._fetch()
                self._token = answer.access_token
                # A short-lived token is used for at least half of its life, whatever the margin.
                self._until = self._clock.monotonic() + max(answer.expires_in - MARGIN, answer.expires_in / 2)
            return self._token

    def forget(self, token: str) -> None:
        """The server refused this token: the next call fetches a new one."""
        if self._token == token:
            self._token = None

    async def _fetch(self) -> TokenAnswer:
        request = TokenRequest(app_id=self._app_id, app_secret=self._app_secret.get_secret_value())
        try:
            response = await self._http.post(TOKEN_PATH, content=request.wire(), headers={"Content-Type": "application/json"})
        except httpx.HTTPError as error:
            raise EngineDown(f"The engine at {self._http.base_url} does not answer: start it, or correct ENGINE_URL.") from error
        if response.status_code == HTTPStatus.UNAUTHORIZED:
            raise EngineRefused(
                "The engine refused the credentials: correct ENGINE_APP_ID and ENGINE_APP_SECRET.", status=response.status_code
            )
        if not response.is_success:
            raise refusal(response)
        try:
            return TokenAnswer.model_validate_json(response.content)
        except ValidationError as error:
            raise ProtocolError("The engine's answer to the request for a token cannot be read.") from error
