"""Messages: post, read, edit, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox import payloads
from sandbox.drafts import read_draft
from sandbox.errors import Fault
from sandbox.models import MessageFlag
from sandbox.routes.base import Call, Route

if TYPE_CHECKING:
    from sandbox.models import Json, Message


def _shown(call: Call, message: Message) -> Json:
    referenced = call.desk.messages.find(message.channel_id, message.reference_id)
    return payloads.message(call.desk.world, message, referenced=referenced)


def post(call: Call) -> Json:
    """Post a message; ephemeral is for interactions alone, so that flag is ignored here."""
    draft = read_draft({**call.body, "flags": _without_ephemeral(call.body.get("flags"))}, call.uploads)
    return _shown(call, call.desk.messages.post(call.bot_id, call.place(), draft))


def history(call: Call) -> list[Json]:
    """The newest messages first."""
    limit = call.asked("limit")
    messages = call.desk.messages.history(
        call.bot_id,
        call.place(),
        limit=50 if limit is None else limit,
        before=call.asked("before"),
        after=call.asked("after"),
        around=call.asked("around"),
    )
    return [_shown(call, each) for each in messages]


def read(call: Call) -> Json:
    """One message."""
    return _shown(call, call.desk.messages.read(call.bot_id, call.place(), call.number("message", Fault.UNKNOWN_MESSAGE)))


def edit(call: Call) -> Json:
    """Edit a message of the bot."""
    draft = read_draft(call.body, call.uploads)
    number = call.number("message", Fault.UNKNOWN_MESSAGE)
    return _shown(call, call.desk.messages.edit(call.bot_id, call.place(), number, draft))


def delete(call: Call) -> None:
    """Delete a message."""
    call.desk.messages.delete(call.bot_id, call.place(), call.number("message", Fault.UNKNOWN_MESSAGE))


def _without_ephemeral(flags: object) -> object:
    return flags & ~MessageFlag.EPHEMERAL if isinstance(flags, int) else flags


_ONE = "/channels/{channel}/messages/{message}"
MESSAGE_ROUTES = (
    Route("POST", "/channels/{channel}/messages", post, lambda limits: limits.send, "channel"),
    Route("GET", "/channels/{channel}/messages", history, lambda limits: limits.history, "channel"),
    Route("GET", _ONE, read, lambda limits: limits.history, "channel"),
    Route("PATCH", _ONE, edit, lambda limits: limits.edit, "channel"),
    Route("DELETE", _ONE, delete, lambda limits: limits.delete, "channel"),
)
