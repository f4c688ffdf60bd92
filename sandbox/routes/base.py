"""The shape of a route and of a request to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.errors import ApiError, Fault, invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.commands import Commands
    from sandbox.drafts import Upload
    from sandbox.interactions import Interactions
    from sandbox.limits import Rate, RateLimits
    from sandbox.messages import Messages
    from sandbox.models import Json, Place
    from sandbox.threads import Threads
    from sandbox.world import World


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything that handlers work on."""

    world: World
    messages: Messages
    threads: Threads
    commands: Commands
    interactions: Interactions
    gateway_url: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Call:
    """One request: the parts of its path, its query, its JSON body and its files by form name."""

    desk: Desk
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Mapping[str, object] = field(default_factory=dict)
    items: list[Json] = field(default_factory=list)
    """The body when it is a list."""
    uploads: Mapping[str, Upload] = field(default_factory=dict)

    @property
    def bot_id(self) -> int:
        """Who asks."""
        return self.desk.world.bot.id

    def number(self, name: str, fault: Fault = Fault.NOT_FOUND) -> int:
        """A snowflake of the path, `@me` being the bot; what is no number is unknown."""
        value = self.path[name]
        if value == "@me":
            return self.bot_id
        if not (value.isascii() and value.isdecimal()):
            raise ApiError(fault)
        return int(value)

    def place(self) -> Place:
        """The channel or thread of the path; raises ApiError 10003."""
        return self.desk.world.place(self.number("channel", Fault.UNKNOWN_CHANNEL))

    def asked(self, name: str) -> int | None:
        """A whole number of the query."""
        value = self.query.get(name)
        if value is None:
            return None
        if not (value.isascii() and value.isdecimal()):
            raise invalid(name, "NUMBER_TYPE_COERCE", f'Value "{value}" is not int.')
        return int(value)


@dataclass(frozen=True, slots=True)
class Route:
    """A method and path of the API; `rate` picks its limit, counted for each value of the path's `major` part.

    `handler` gives the JSON to answer, or None for 204. `open` routes ask for no token: their path holds a secret.
    """

    method: str
    path: str
    handler: Callable[[Call], Json | list[Json] | None]
    rate: Callable[[RateLimits], Rate | None]
    major: str | None = None
    open: bool = False

    @property
    def bucket(self) -> str:
        """What Discord calls the bucket hash: the same for all values of the path's parts."""
        return f"{self.method} {self.path}"
