"""Slash commands as the bot registered them, and what a person's `/meeting start channel:...` becomes on the wire. No I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from sandbox import body as read
from sandbox import payloads
from sandbox.errors import ApiError, Fault, SandboxError, invalid, too_long
from sandbox.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sandbox.models import Json
    from sandbox.world import World

Value = str | int | float | bool
"""What a person fills in: users, channels and roles are given by id."""

COMMAND_LIMIT = 100
OPTION_LIMIT = 25
_NAME = re.compile(r"[-_'\w]{1,32}")
_CHAT_INPUT = 1


class OptionKind(IntEnum):
    """Discord's option types."""

    SUB_COMMAND = 1
    SUB_COMMAND_GROUP = 2
    STRING = 3
    INTEGER = 4
    BOOLEAN = 5
    USER = 6
    CHANNEL = 7
    ROLE = 8
    MENTIONABLE = 9
    NUMBER = 10
    ATTACHMENT = 11


_BRANCHES = {OptionKind.SUB_COMMAND, OptionKind.SUB_COMMAND_GROUP}


@dataclass(frozen=True, slots=True)
class Command:
    """A registered command; `definition` is Discord's object, `guild_id` None for a global one."""

    id: int
    name: str
    definition: Json
    guild_id: int | None = None


class Commands:
    """What is registered, globally and for the guild."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._by_scope: dict[int | None, list[Command]] = {}

    def registered(self, guild_id: int | None) -> list[Command]:
        """The commands of one scope; None is the global one."""
        return self._by_scope.get(guild_id, [])

    def overwrite(self, guild_id: int | None, definitions: Sequence[Json]) -> list[Command]:
        """`PUT .../commands`: these commands in place of all others of the scope; a known name keeps its id."""
        if len(definitions) > COMMAND_LIMIT:
            raise invalid("commands", "APPLICATION_COMMAND_TOO_MANY", "Maximum number of application commands reached (100)")
        ids = {each.name: each.id for each in self.registered(guild_id)}
        made: list[Command] = []
        for index, definition in enumerate(definitions):
            name = _check_definition(definition, str(index))
            if any(name == each.name for each in made):
                raise invalid(f"{index}.name", "APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique")
            number = ids.get(name) or self._world.snowflake()
            made.append(Command(number, name, self._completed(number, definition, guild_id), guild_id))
        self._by_scope[guild_id] = made
        self._world.record("commands.sync", guild_id=guild_id, names=[each.name for each in made])
        return made

    def remove(self, guild_id: int | None, command_id: int) -> None:
        """Delete one command; raises ApiError 10063."""
        self.get(guild_id, command_id)
        self._by_scope[guild_id] = [each for each in self.registered(guild_id) if each.id != command_id]

    def get(self, guild_id: int | None, command_id: int) -> Command:
        """One command by id; raises ApiError 10063."""
        for command in self.registered(guild_id):
            if command.id == command_id:
                return command
        raise ApiError(Fault.UNKNOWN_COMMAND)

    def find(self, name: str) -> Command:
        """The command that a person sees under this name: the guild's own before the global one. Raises SandboxError."""
        for command in [*self.registered(self._world.guild.id), *self.registered(None)]:
            if command.name == name:
                return command
        known = sorted(each.name for commands in self._by_scope.values() for each in commands)
        raise SandboxError(f"the bot has no command /{name}; it has registered {known or 'none'}")

    def allowed(self, command: Command, user_id: int) -> bool:
        """Whether Discord shows the command to this member: `default_member_permissions`."""
        needed = command.definition.get("default_member_permissions")
        if needed is None:
            return True
        granted = self._world.permissions(user_id)
        if Permission.ADMINISTRATOR in granted or user_id == self._world.guild.owner_id:
            return True
        wanted = int(str(needed))
        return wanted != 0 and int(granted) & wanted == wanted

    def invoke(self, path: str, values: Mapping[str, Value]) -> tuple[Command, Json]:
        """The `data` of the interaction for a path like `meeting start`; raises SandboxError for what Discord would not send."""
        name, *branches = path.split()
        command = self.find(name)
        definition = command.definition
        for branch in branches:
            definition = _branch(definition, branch, path)
        expected = read.things(definition, "options")
        if any(read.integer(each, "type") in _BRANCHES for each in expected):
            raise SandboxError(f"/{path} is not complete: add one of {[each['name'] for each in expected]}")
        resolved: dict[str, Json] = {}
        options: list[Json] = [self._filled(each, values, resolved) for each in expected if each["name"] in values]
        unknown = set(values) - {str(each["name"]) for each in expected}
        missing = [each["name"] for each in expected if each.get("required") and each["name"] not in values]
        if unknown or missing:
            raise SandboxError(f"/{path}: unknown options {sorted(unknown)}, missing options {missing}")
        for depth in range(len(branches) - 1, -1, -1):
            innermost = depth == len(branches) - 1
            kind = OptionKind.SUB_COMMAND if innermost else OptionKind.SUB_COMMAND_GROUP
            options = [{"name": branches[depth], "type": int(kind), "options": options}]
        data: Json = {"id": str(command.id), "name": command.name, "type": _CHAT_INPUT, "options": options}
        if command.guild_id is not None:
            data["guild_id"] = str(command.guild_id)
        if resolved:
            data["resolved"] = resolved
        return command, data

    def _completed(self, number: int, definition: Json, guild_id: int | None) -> Json:
        given: Json = {
            "id": str(number),
            "application_id": str(self._world.application_id),
            "version": str(self._world.snowflake()),
            "type": _CHAT_INPUT,
            "description": "",
            "default_member_permissions": None,
            "nsfw": False,
        }
        given |= definition
        given["id"] = str(number)
        if guild_id is not None:
            given["guild_id"] = str(guild_id)
        return given

    def _filled(self, option: Json, values: Mapping[str, Value], resolved: dict[str, Json]) -> Json:
        kind, name = OptionKind(read.integer(option, "type")), str(option["name"])
        value = values[name]
        choices = [each.get("value") for each in read.things(option, "choices")]
        if choices and value not in choices:
            raise SandboxError(f"option {name}: {value!r} is not one of {choices}")
        wanted: dict[OptionKind, type | tuple[type, ...]] = {
            OptionKind.STRING: str,
            OptionKind.BOOLEAN: bool,
            OptionKind.NUMBER: (int, float),
        }
        if not isinstance(value, wanted.get(kind, int)) or (isinstance(value, bool) and kind is not OptionKind.BOOLEAN):
            raise SandboxError(f"option {name}: {value!r} does not fit type {kind.name}")
        if kind in {OptionKind.USER, OptionKind.CHANNEL, OptionKind.ROLE, OptionKind.MENTIONABLE}:
            self._resolve(kind, int(value), option, resolved)
            value = str(value)
        elif not _within(option, value):
            raise SandboxError(f"option {name}: {value!r} is outside its limits")
        return {"name": name, "type": int(kind), "value": value}

    def _resolve(self, kind: OptionKind, number: int, option: Json, resolved: dict[str, Json]) -> None:
        world, key = self._world, str(number)
        if kind is OptionKind.CHANNEL:
            place = world.place(number)
            allowed = option.get("channel_types")
            if isinstance(allowed, list) and allowed and int(place.kind) not in allowed:
                raise SandboxError(f"option {option['name']}: #{place.name} is not a channel of types {allowed}")
            bits = str(int(world.permissions(world.owner.id, place)))
            resolved.setdefault("channels", {})[key] = payloads.place(world, place) | {"permissions": bits}
        elif kind is OptionKind.ROLE or number in world.guild.roles:
            resolved.setdefault("roles", {})[key] = payloads.role(world.guild.roles[number])
        else:
            member = world.member(number)
            resolved.setdefault("users", {})[key] = payloads.user(member.user)
            bits = str(int(world.permissions(number)))
            resolved.setdefault("members", {})[key] = payloads.member(member, with_user=False) | {"permissions": bits}


def _branch(definition: Json, name: str, path: str) -> Json:
    for option in read.things(definition, "options"):
        if option["name"] == name and read.integer(option, "type") in _BRANCHES:
            return option
    raise SandboxError(f"the bot has no command /{path}")


def _within(option: Json, value: Value) -> bool:
    measure = len(value) if isinstance(value, str) else value
    low, high = ("min_length", "max_length") if isinstance(value, str) else ("min_value", "max_value")
    least, most = option.get(low), option.get(high)
    return not ((isinstance(least, int | float) and measure < least) or (isinstance(most, int | float) and measure > most))


def _check_definition(definition: Json, at: str) -> str:
    """Names of 1 to 32 lower-case characters, descriptions of 1 to 100, at most 25 options, required ones first."""
    name = read.text(definition, "name") or ""
    chat_input = read.integer(definition, "type", _CHAT_INPUT)
    top = "." not in at
    if not top or chat_input == _CHAT_INPUT:
        if not _NAME.fullmatch(name) or name != name.lower():
            raise invalid(f"{at}.name", "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
        description = read.text(definition, "description") or ""
        if not description:
            raise invalid(f"{at}.description", "BASE_TYPE_REQUIRED", "This field is required")
        if len(description) > 100:
            raise too_long(f"{at}.description", 100)
    options = read.things(definition, "options")
    if len(options) > OPTION_LIMIT:
        raise too_long(f"{at}.options", OPTION_LIMIT)
    optional_seen = False
    for index, option in enumerate(options):
        where = f"{at}.options.{index}"
        _check_definition(option, where)
        if read.integer(option, "type") in _BRANCHES:
            continue
        required = read.flag(option, "required")
        if required and optional_seen:
            code = "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID"
            raise invalid(where, code, "Required options must be placed before non-required options")
        optional_seen = optional_seen or not required
    return name
