"""Interactions: a person's command or button press, and the bot's answers to it. No I/O.

An answer must come within three seconds, follow-ups and edits within fifteen minutes, as in Discord.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import TYPE_CHECKING

from sandbox import body as read
from sandbox import payloads
from sandbox.drafts import Draft, check_not_empty, read_draft
from sandbox.errors import ApiError, Fault, SandboxError, invalid
from sandbox.models import NO_FLAGS, Message, MessageKind
from sandbox.permissions import Permission
from sandbox.world import Intent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sandbox.commands import Commands, Value
    from sandbox.drafts import Upload
    from sandbox.messages import Messages
    from sandbox.models import Json, Place
    from sandbox.world import World

ANSWER_SECONDS = 3.0
TOKEN_SECONDS = 900.0
_REMEMBERED = 1000
_BUTTON = 2


class InteractionKind(IntEnum):
    """What the person did."""

    COMMAND = 2
    COMPONENT = 3


class ResponseKind(IntEnum):
    """How the bot answered."""

    MESSAGE = 4
    DEFERRED_MESSAGE = 5
    DEFERRED_UPDATE = 6
    UPDATE = 7


@dataclass(slots=True)
class Pending:
    """One interaction and what has become of it so far."""

    id: int
    token: str
    kind: InteractionKind
    user_id: int
    place_id: int
    began: float
    source: Message | None = None
    """The message whose button was pressed."""
    response: ResponseKind | None = None
    original: Message | None = None
    """The bot's answer, which may be deferred (`loading`)."""
    followups: list[Message] = field(default_factory=list)


class Interactions:
    """Begins interactions for people and takes the bot's answers. Remembers the last thousand."""

    def __init__(self, world: World, messages: Messages, commands: Commands) -> None:
        self._world = world
        self._messages = messages
        self._commands = commands
        self._pending: OrderedDict[str, Pending] = OrderedDict()

    # what people do

    def slash(self, user_id: int, place: Place, path: str, values: Mapping[str, Value]) -> Pending:
        """Somebody runs a command. Raises SandboxError when Discord would not let them."""
        command, data = self._commands.invoke(path, values)
        if not self._commands.allowed(command, user_id):
            raise SandboxError(f"Discord does not show /{command.name} to this person: permissions are missing")
        if Permission.USE_APPLICATION_COMMANDS not in self._world.permissions(user_id, place):
            raise SandboxError(f"this person may not use commands in #{place.name}")
        return self._begin(InteractionKind.COMMAND, user_id, place, data)

    def press(self, user_id: int, message: Message, custom_id: str, values: Sequence[str] = ()) -> Pending:
        """Somebody presses a button, or chooses `values` in a menu, of a message of the bot."""
        parts = [part for row in message.components for part in read.things(row, "components")]
        part = next((part for part in parts if part.get("custom_id") == custom_id), None)
        if part is None or part.get("disabled"):
            known = [part.get("custom_id") for part in parts]
            raise SandboxError(f"the message has no enabled component {custom_id!r}; it has {known}")
        place = self._world.place(message.channel_id)
        kind = read.integer(part, "type", _BUTTON)
        data: Json = {"custom_id": custom_id, "component_type": kind}
        if kind != _BUTTON:
            data["values"] = list(values)
        return self._begin(InteractionKind.COMPONENT, user_id, place, data, source=message)

    # what the bot answers

    def answer(self, number: int, token: str, body: Mapping[str, object], uploads: Mapping[str, Upload]) -> Json:
        """`POST /interactions/{id}/{token}/callback`; gives the callback response object."""
        pending = self._pending.get(token)
        if pending is None or pending.id != number or self._world.clock() > pending.began + ANSWER_SECONDS:
            raise ApiError(Fault.UNKNOWN_INTERACTION)
        if pending.response is not None:
            raise ApiError(Fault.ALREADY_ACKNOWLEDGED)
        kind = read.integer(body, "type")
        allowed = set(ResponseKind) if pending.source else {ResponseKind.MESSAGE, ResponseKind.DEFERRED_MESSAGE}
        if kind not in allowed:
            choices = ", ".join(str(int(each)) for each in sorted(allowed))
            raise invalid("type", "BASE_TYPE_CHOICES", f"Value must be one of {{{choices}}}.")
        response = ResponseKind(kind)
        draft = read_draft(read.thing(body, "data"), uploads)
        if response is ResponseKind.MESSAGE:
            pending.original = self._put(pending, check_not_empty(draft))
        elif response is ResponseKind.DEFERRED_MESSAGE:
            pending.original = self._put(pending, Draft(flags=draft.flags), loading=True)
        else:
            pending.original = pending.source
            if response is ResponseKind.UPDATE and pending.source is not None:
                self._messages.change(pending.source, draft)
        pending.response = response
        self._record("interaction.answer", pending, pending.original)
        return self._callback(pending)

    def follow_up(self, token: str, body: Mapping[str, object], uploads: Mapping[str, Upload]) -> Json:
        """`POST /webhooks/{application}/{token}`: a further message; the first one after a deferred answer becomes that answer."""
        pending = self._answered(token)
        draft = check_not_empty(read_draft(body, uploads))
        if pending.original is not None and pending.original.loading:
            return self._edit(pending, pending.original, draft)
        message = self._put(pending, draft)
        pending.followups.append(message)
        self._record("interaction.followup", pending, message)
        return self._shown(message)

    def edit(self, token: str, which: str, body: Mapping[str, object], uploads: Mapping[str, Upload]) -> Json:
        """`PATCH /webhooks/{application}/{token}/messages/{id or @original}`."""
        pending = self._answered(token)
        return self._edit(pending, self._which(pending, which), read_draft(body, uploads))

    def read(self, token: str, which: str) -> Json:
        """`GET /webhooks/{application}/{token}/messages/{id or @original}`."""
        return self._shown(self._which(self._answered(token), which))

    def delete(self, token: str, which: str) -> None:
        """`DELETE /webhooks/{application}/{token}/messages/{id or @original}`."""
        pending = self._answered(token)
        message = self._which(pending, which)
        if not message.ephemeral:
            self._messages.remove(message)
        if message is pending.original:
            pending.original = None
        else:
            pending.followups.remove(message)
        self._record("interaction.delete", pending, message)

    # inside

    def _begin(self, kind: InteractionKind, user_id: int, place: Place, data: Json, *, source: Message | None = None) -> Pending:
        token = secrets.token_urlsafe(24)
        pending = Pending(self._world.snowflake(), token, kind, user_id, place.id, self._world.clock(), source)
        self._pending[token] = pending
        while len(self._pending) > _REMEMBERED:
            self._pending.popitem(last=False)
        event = payloads.interaction(self._world, place, user_id)
        event |= {"id": str(pending.id), "type": int(kind), "token": token, "data": data}
        if source is not None:
            event["message"] = payloads.message(self._world, source)
        self._world.record("interaction.create", interaction_id=pending.id, user_id=user_id, type=kind.name, data=data)
        self._world.emit("INTERACTION_CREATE", event, Intent.ALWAYS)
        return pending

    def _put(self, pending: Pending, draft: Draft, *, loading: bool = False) -> Message:
        """Post as the application: commands' answers need no permission to send, but mention nobody without one."""
        place = self._world.place(pending.place_id)
        command = pending.kind is InteractionKind.COMMAND and pending.original is None
        kind = MessageKind.CHAT_INPUT_COMMAND if command else MessageKind.DEFAULT
        return self._messages.put(self._world.bot.id, place, draft, kind=kind, interaction_id=pending.id, loading=loading)

    def _edit(self, pending: Pending, message: Message, draft: Draft) -> Json:
        self._messages.change(message, replace(draft, flags=NO_FLAGS))
        self._record("interaction.edit", pending, message)
        return self._shown(message)

    def _answered(self, token: str) -> Pending:
        pending = self._pending.get(token)
        if pending is None or self._world.clock() > pending.began + TOKEN_SECONDS:
            raise ApiError(Fault.BAD_WEBHOOK_TOKEN)
        if pending.response is None:
            raise ApiError(Fault.UNKNOWN_WEBHOOK)
        return pending

    def _which(self, pending: Pending, which: str) -> Message:
        messages = {"@original": pending.original} | {str(each.id): each for each in pending.followups}
        if pending.original is not None:
            messages[str(pending.original.id)] = pending.original
        message = messages.get(which)
        if message is None:
            raise ApiError(Fault.UNKNOWN_MESSAGE)
        return message

    def _callback(self, pending: Pending) -> Json:
        assert pending.response is not None
        about: Json = {"id": str(pending.id), "type": int(pending.kind)}
        answer: Json = {"interaction": about}
        if pending.original is not None:
            about |= {
                "response_message_id": str(pending.original.id),
                "response_message_loading": pending.original.loading,
                "response_message_ephemeral": pending.original.ephemeral,
            }
        if pending.response is not ResponseKind.DEFERRED_UPDATE and pending.original is not None:
            answer["resource"] = {"type": int(pending.response), "message": self._shown(pending.original)}
        return answer

    def _shown(self, message: Message) -> Json:
        return payloads.message(self._world, message)

    def _record(self, kind: str, pending: Pending, message: Message | None) -> None:
        self._world.record(
            kind,
            interaction_id=pending.id,
            response=pending.response,
            content=message.content if message else "",
            ephemeral=message.ephemeral if message else False,
            loading=message.loading if message else False,
        )
