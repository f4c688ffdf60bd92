"""Commands, answers to interactions, and the messages that follow them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.errors import ApiError, Fault
from sandbox.routes.base import Call, Route

if TYPE_CHECKING:
    from sandbox.models import Json


def commands(call: Call) -> list[Json]:
    """The registered commands of a scope."""
    return [each.definition for each in call.desk.commands.registered(_scope(call))]


def overwrite_commands(call: Call) -> list[Json]:
    """Register these commands in place of all others of a scope."""
    return [each.definition for each in call.desk.commands.overwrite(_scope(call), call.items)]


def command(call: Call) -> Json:
    """One command."""
    return call.desk.commands.get(_scope(call), call.number("command", Fault.UNKNOWN_COMMAND)).definition


def delete_command(call: Call) -> None:
    """Delete one command."""
    call.desk.commands.remove(_scope(call), call.number("command", Fault.UNKNOWN_COMMAND))


def answer(call: Call) -> Json | None:
    """Answer an interaction."""
    number = call.number("interaction", Fault.UNKNOWN_INTERACTION)
    given = call.desk.interactions.answer(number, call.path["token"], call.body, call.uploads)
    return given if call.query.get("with_response") in {"1", "true", "True"} else None


def follow_up(call: Call) -> Json:
    """Send a further message."""
    return call.desk.interactions.follow_up(_token(call), call.body, call.uploads)


def read_message(call: Call) -> Json:
    """The answer, or a further message."""
    return call.desk.interactions.read(_token(call), call.path["message"])


def edit_message(call: Call) -> Json:
    """Edit the answer, or a further message."""
    return call.desk.interactions.edit(_token(call), call.path["message"], call.body, call.uploads)


def delete_message(call: Call) -> None:
    """Delete the answer, or a further message."""
    call.desk.interactions.delete(_token(call), call.path["message"])


def _scope(call: Call) -> int | None:
    world = call.desk.world
    if call.number("application") != world.application_id:
        raise ApiError(Fault.MISSING_ACCESS)
    if "guild" not in call.path:
        return None
    if call.number("guild", Fault.UNKNOWN_GUILD) != world.guild.id:
        raise ApiError(Fault.MISSING_ACCESS)
    return world.guild.id


def _token(call: Call) -> str:
    if call.number("application", Fault.UNKNOWN_WEBHOOK) != call.desk.world.application_id:
        raise ApiError(Fault.UNKNOWN_WEBHOOK)
    return call.path["token"]


_GLOBAL = "/applications/{application}/commands"
_GUILD = "/applications/{application}/guilds/{guild}/commands"
_WEBHOOK = "/webhooks/{application}/{token}"
_MESSAGE = f"{_WEBHOOK}/messages/{{message}}"
INTERACTION_ROUTES = (
    *(
        route
        for path in (_GLOBAL, _GUILD)
        for route in (
            Route("GET", path, commands, lambda limits: limits.commands),
            Route("PUT", path, overwrite_commands, lambda limits: limits.commands),
            Route("GET", f"{path}/{{command}}", command, lambda limits: limits.commands),
            Route("DELETE", f"{path}/{{command}}", delete_command, lambda limits: limits.commands),
        )
    ),
    Route("POST", "/interactions/{interaction}/{token}/callback", answer, lambda _: None, open=True),
    Route("POST", _WEBHOOK, follow_up, lambda limits: limits.webhook, "token", open=True),
    Route("GET", _MESSAGE, read_message, lambda limits: limits.webhook, "token", open=True),
    Route("PATCH", _MESSAGE, edit_message, lambda limits: limits.webhook, "token", open=True),
    Route("DELETE", _MESSAGE, delete_message, lambda limits: limits.webhook, "token", open=True),
)
