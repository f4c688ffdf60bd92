"""Client of the Conversation API: what stands about a conversation, by its id."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

import httpx
from pydantic import ValidationError

from bot.errors import EngineDown, EngineRefused, ProtocolError
from bot.streaming.auth import refusal
from wire.base import Shape
from wire.conversations import (
    CONVERSATIONS_PATH,
    ActionItem,
    ActionItems,
    Conversation,
    FollowUps,
    Member,
    Members,
    Message,
    Messages,
    Question,
    Questions,
    Topic,
    Topics,
)
from wire.reports import Analytics, PageLink, Summary

if TYPE_CHECKING:
    from bot.clock import Clock
    from bot.streaming.auth import TokenSource

log = logging.getLogger(__name__)

_Shape = TypeVar("_Shape", bound=Shape)

RETRY_AFTER = (0.2, 0.8, 2.0)
"""Seconds before each further try: all that is asked here only reads, so asking again does no harm."""


class ConversationClient:
    """Each call raises `EngineDown`, `EngineRefused` (404: no such conversation) or `ProtocolError`."""

    def __init__(self, http: httpx.AsyncClient, tokens: TokenSource, clock: Clock) -> None:
        self._http = http
        self._tokens = tokens
        self._clock = clock

    async def conversation(self, conversation_id: str) -> Conversation:
        """Its name, times and members."""
        return await self._get(conversation_id, "", Conversation)

    async def messages(self, conversation_id: str) -> list[Message]:
        """Every sentence, in order."""
        return (await self._get(conversation_id, "/messages", Messages)).messages

    async def topics(self, conversation_id: str) -> list[Topic]:
        """What was talked about, best first."""
        return (await self._get(conversation_id, "/topics", Topics)).topics

    async def action_items(self, conversation_id: str) -> list[ActionItem]:
        """Who has to do what."""
        return (await self._get(conversation_id, "/action-items", ActionItems)).action_items

    async def follow_ups(self, conversation_id: str) -> list[ActionItem]:
        """What to come back to."""
        return (await self._get(conversation_id, "/follow-ups", FollowUps)).follow_ups

    async def questions(self, conversation_id: str) -> list[Question]:
        """What was asked."""
        return (await self._get(conversation_id, "/questions", Questions)).questions

    async def members(self, conversation_id: str) -> list[Member]:
        """Who spoke."""
        return (await self._get(conversation_id, "/members", Members)).members

    async def summary(self, conversation_id: str) -> Summary:
        """The sentences that say what it was about."""
        return await self._get(conversation_id, "/summary", Summary)

    async def page(self, conversation_id: str) -> PageLink | None:
        """A link to its page that expires; None where the engine gives none: it has no public address, or is another server."""
        try:
            return await self._get(conversation_id, "/page", PageLink)
        except EngineRefused as error:
            if error.status in {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}:
                return None
            raise

    async def analytics(self, conversation_id: str) -> Analytics:
        """Who spoke for how long, and how much was silence."""
        return await self._get(conversation_id, "/analytics", Analytics)

    async def _get(self, conversation_id: str, rest: str, shape: type[_Shape]) -> _Shape:
        path = f"{CONVERSATIONS_PATH}/{quote(conversation_id, safe='')}{rest}"
        response = await self._ask(path)
        if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise EngineDown(f"The engine failed (status {response.status_code}): look at its log.")
        if not response.is_success:
            raise refusal(response)
        try:
            return shape.model_validate_json(response.content)
        except ValidationError as error:
            raise ProtocolError(f"The engine's answer to {path} cannot be read.") from error

    async def _ask(self, path: str) -> httpx.Response:
        """The answer, after as many tries as make sense."""
        waits = iter(RETRY_AFTER)
        renewed = False
        while True:
            token = await self._tokens.token()
            failure: Exception | None = None
            response: httpx.Response | None = None
            try:
                response = await self._http.get(path, headers={"Authorization": f"Bearer {token}"})
            except httpx.HTTPError as error:
                failure = error
            if response is not None and response.status_code == HTTPStatus.UNAUTHORIZED and not renewed:
                self._tokens.forget(token)
                renewed = True
                continue
            if response is not None and response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
                return response
            wait = next(waits, None)
            if wait is not None:
                log.info("asking again for %s: %s", path, failure or response)
                await self._clock.sleep(wait)
            elif response is not None:
                return response
            else:
                raise EngineDown("The engine does not answer: start it, or correct ENGINE_URL.") from failure
