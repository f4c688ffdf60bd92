"""The engine as the meetings see it: streams and conversations of one server of the Streaming API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from bot.conversations import ConversationClient
from bot.streaming.auth import TokenSource
from bot.streaming.session import SessionLimits, StreamSession
from wire.base import Person
from wire.requests import SpeechRecognition, StartRequest, StreamConfig

if TYPE_CHECKING:
    from random import Random

    from pydantic import SecretStr

    from bot.clock import Clock
    from bot.meetings.ports import Voice

KEEP_CONVERSATION = 1800
"""Seconds that a conversation outlives its last connection: the longest that the API grants."""
REST_TIMEOUT = 30.0


class EngineClient(ConversationClient):
    """Both halves of the API behind one address and one token. `url`: `http://` or `https://`."""

    def __init__(
        self,
        url: str,
        app_id: str,
        app_secret: SecretStr,
        *,
        clock: Clock,
        random: Random,
        limits: SessionLimits | None = None,
    ) -> None:
        address = httpx.URL(url)
        on_this_machine = address.host in {"127.0.0.1", "::1", "localhost"}
        self._client = httpx.AsyncClient(base_url=url, timeout=REST_TIMEOUT, trust_env=not on_this_machine)
        tokens = TokenSource(self._client, app_id, app_secret, clock)
        super().__init__(self._client, tokens, clock)
        self._base = "ws" + url.removeprefix("http").rstrip("/")
        self.tokens = tokens
        self._stream_clock = clock
        self._random = random
        self._limits = limits

    def line(
        self, connection_id: str, *, title: str, voice: Voice | None = None, language: str = "en-US", interims: bool = False
    ) -> StreamSession:
        """A stream of the conversation that belongs to `connection_id`; without a voice it only opens the conversation and reads.

        `language`: the code of what is spoken, or `auto`. `interims`: somebody reads what is being said before it is finished.
        """
        start = StartRequest(
            meeting_title=title,
            insight_types=["action_item", "follow_up", "question", "topic"],
            config=StreamConfig(
                meeting_title=title,
                confidence_threshold=0.5,
                language_code=language,
                timezone_offset=0,
                interim_results=interims,
                speech_recognition=SpeechRecognition(encoding="LINEAR16", sample_rate_hertz=16000),
            ),
            speaker=Person(user_id=str(voice.user_id), name=voice.name) if voice else None,
            no_connection_timeout=KEEP_CONVERSATION,
            disconnect_on_stop_request=True,
        )
        return StreamSession(
            self._base,
            connection_id,
            start,
            self.tokens,
            clock=self._stream_clock,
            random=self._random,
            limits=self._limits,
        )

    async def close(self) -> None:
        """Close the connections that are kept for REST calls."""
        await self._client.aclose()
