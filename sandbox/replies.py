"""What a person in the sandbox sees of the bot's answers to a command or a button."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox import body as read
from sandbox.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.interactions import Pending, ResponseKind
    from sandbox.log import Event, EventLog
    from sandbox.models import Json, Message


@dataclass(frozen=True, slots=True)
class Reply:
    """The bot's answer once it has content, as it stood then."""

    message: Message
    content: str
    ephemeral: bool
    response: ResponseKind
    embeds: list[Json]

    def buttons(self) -> dict[str, str]:
        """The ids of its buttons and menus by their labels."""
        parts = [part for row in self.message.components for part in read.things(row, "components")]
        return {str(part.get("label") or part.get("placeholder") or ""): str(part.get("custom_id") or "") for part in parts}


class Interaction:
    """A command that was run or a button that was pressed."""

    def __init__(self, pending: Pending, log: EventLog) -> None:
        self._pending = pending
        self._log = log
        self._begin = len(log.events)

    @property
    def id(self) -> int:
        """The interaction's snowflake."""
        return self._pending.id

    @property
    def followups(self) -> list[Message]:
        """The further messages so far."""
        return list(self._pending.followups)

    @property
    def edits(self) -> list[str]:
        """Earlier contents of the answer, oldest first."""
        return list(self._pending.original.edits) if self._pending.original else []

    async def acknowledged(self, *, within: float = 3.0) -> ResponseKind:
        """Wait for the first response, which may be a deferral; raises TimeoutError."""
        await self._wait("interaction.answer", within)
        assert self._pending.response is not None
        return self._pending.response

    async def reply(self, *, within: float = 5.0) -> Reply:
        """Wait for an answer with content: sent at once, or after a deferral; raises TimeoutError."""

        def complete(event: Event) -> bool:
            original = self._pending.original
            return event.kind == "interaction.delete" or (original is not None and not original.loading)

        await self._wait("interaction", within, complete)
        message, response = self._pending.original, self._pending.response
        if message is None or response is None:
            raise SandboxError("the bot deleted its answer")
        return Reply(message, message.content, message.ephemeral, response, message.embeds)

    async def followup(self, number: int = 0, *, within: float = 5.0) -> Message:
        """Wait for a further message, the first being number 0; raises TimeoutError."""
        await self._wait("interaction.followup", within, lambda _event: len(self._pending.followups) > number)
        return self._pending.followups[number]

    async def _wait(self, kind: str, within: float, condition: Callable[[Event], bool] | None = None) -> None:
        def ours(event: Event) -> bool:
            return event["interaction_id"] == self.id and (condition is None or condition(event))

        await self._log.wait(kind, where=ours, after=self._begin, within=within)
