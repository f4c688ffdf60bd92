"""Asks a model behind an OpenAI-compatible address: `POST .../chat/completions`.

Servers differ in what they know of `response_format` and `temperature`: what one refuses is left out from then on. The answer is
read from the text either way. https://platform.openai.com/docs/api-reference/chat
"""

from __future__ import annotations

import asyncio
import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, Protocol

import httpx
from pydantic import BaseModel, Field, ValidationError

from engine.insights.language_model.faults import BadAnswer, NoAnswer, OutOfReach

if TYPE_CHECKING:
    from pydantic import SecretStr

    from engine.clock import Clock
    from engine.insights.language_model.passages import Prompt

_logger = logging.getLogger(__name__)

MAX_ANSWER: Final = 2_000_000
"""Bytes."""
LONGEST_PAUSE: Final = 20.0
"""Seconds that a busy server may make us wait before the next try."""
_PAUSES: Final = (1.0, 4.0)
_BUSY: Final = frozenset({429, 500, 502, 503, 504, 529})
_REFUSED: Final = {
    401: "refused the key (401)",
    402: "wants to be paid (402)",
    403: "refused the key (403)",
    404: "is not known at its address (404)",
}
_TOO_LONG: Final = ("context", "too long", "too large", "maximum length", "token limit")
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


class Model(Protocol):
    """Something that can be asked."""

    @property
    def name(self) -> str:
        """What people call it."""

    async def ask(self, prompt: Prompt, name: str, schema: dict[str, Any], within: float) -> str:
        """The text of its answer, within so many seconds; `name` is the schema's. Raises `ModelFault`."""


class _Message(BaseModel):
    content: str | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class _Completion(BaseModel):
    choices: list[_Choice] = Field(min_length=1)


class ChatModel:
    """Implements `Model`. The key goes to the address alone: redirects are not followed."""

    def __init__(self, address: str, name: str, key: SecretStr, clock: Clock) -> None:
        base = address.rstrip("/").removesuffix("/chat/completions")
        on_this_machine = httpx.URL(base).host in _LOOPBACK
        headers = {"Authorization": f"Bearer {key.get_secret_value()}"} if key.get_secret_value() else {}
        self._http = httpx.AsyncClient(headers=headers, timeout=None, trust_env=not on_this_machine)  # noqa: S113 - `ask` has a limit for everything
        self._url = f"{base}/chat/completions"
        self._name = name
        self._clock = clock
        self._formats = ["json_schema", "json_object", ""]
        self._temperature = True

    @property
    def name(self) -> str:
        """The model's name as it is set."""
        return self._name

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def ask(self, prompt: Prompt, name: str, schema: dict[str, Any], within: float) -> str:
        """The text of the answer, within so many seconds. Raises `ModelFault`."""
        try:
            async with asyncio.timeout(within):
                return await self._insist(prompt, name, schema)
        except TimeoutError:
            raise NoAnswer(f"did not answer within {max(1, round(within))} s") from None

    async def _insist(self, prompt: Prompt, name: str, schema: dict[str, Any]) -> str:
        pauses = iter(_PAUSES)
        while True:
            try:
                status, headers, content = await self._post(self._body(prompt, name, schema))
            except httpx.ConnectError as error:
                _logger.info("The language model cannot be reached: %r", error)
                raise OutOfReach("cannot be reached") from error
            except httpx.RequestError as error:
                _logger.info("The language model broke off: %r", error)
                raise NoAnswer("broke off its answer") from error
            if status == HTTPStatus.OK:
                return _text(content)
            _logger.info("The language model answered %d.", status)
            _logger.debug("Its words: %r", content[:500])
            pause = next(pauses, None) if status in _BUSY else None
            if pause is not None:
                await self._clock.sleep(_retry_after(headers, pause))
            elif not self._asks_for_less(status, content.lower()):
                raise _fault(status, content.lower())

    def _body(self, prompt: Prompt, name: str, schema: dict[str, Any]) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self._name,
            "messages": [{"role": "system", "content": prompt.instructions}, {"role": "user", "content": prompt.data}],
        }
        if self._temperature:
            body["temperature"] = 0
        match self._formats[0]:
            case "json_schema":
                body["response_format"] = {
                    "type": "json_schema",
                    "json_schema": {"name": name, "strict": True, "schema": schema},
                }
            case "json_object":
                body["response_format"] = {"type": "json_object"}
        return body

    async def _post(self, body: dict[str, Any]) -> tuple[int, httpx.Headers, str]:
        async with self._http.stream("POST", self._url, json=body) as response:
            content = bytearray()
            async for piece in response.aiter_bytes():
                content += piece
                if len(content) > MAX_ANSWER:
                    raise BadAnswer("gave an answer without an end")
        return response.status_code, response.headers, content.decode("utf-8", "replace")

    def _asks_for_less(self, status: int, content: str) -> bool:
        """Whether the server refused something that can be left out: it is left out from now on."""
        if status not in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY} or _too_long(content):
            return False
        if self._temperature and "temperature" in content:
            self._temperature = False
            return True
        if len(self._formats) > 1:
            del self._formats[0]
            return True
        return False


def _text(content: str) -> str:
    try:
        choice = _Completion.model_validate_json(content).choices[0]
    except ValidationError:
        raise BadAnswer("gave an answer that cannot be read") from None
    if not (choice.message.content or "").strip():
        raise BadAnswer("gave an empty answer")
    if choice.finish_reason == "length":
        raise BadAnswer("ran out of room for its answer")
    return choice.message.content or ""


def _too_long(content: str) -> bool:
    return any(words in content for words in _TOO_LONG)


def _fault(status: int, content: str) -> BadAnswer | NoAnswer | OutOfReach:
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE or (status == HTTPStatus.BAD_REQUEST and _too_long(content)):
        return BadAnswer("cannot read so much at once")
    if status in _REFUSED:
        return OutOfReach(_REFUSED[status])
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return NoAnswer("asked for patience too often (429)")
    return NoAnswer(f"answered with an error ({status})")


def _retry_after(headers: httpx.Headers, otherwise: float) -> float:
    try:
        return min(LONGEST_PAUSE, max(0.0, float(headers["Retry-After"])))
    except (KeyError, ValueError):  # a date, or none
        return otherwise
