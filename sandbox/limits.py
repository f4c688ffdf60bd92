"""Discord's limits: how much a message may hold, and how often a client may ask. Times are seconds on the clock passed in."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox import body as read
from sandbox.errors import ApiError, Fault, invalid, too_long

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sandbox.models import Json

CONTENT_LIMIT = 2000
ATTACHMENT_COUNT_LIMIT = 10
ATTACHMENT_SIZE_LIMIT = 10 * 1024 * 1024
"""Bytes a file, in a guild without boosts."""
EMBED_COUNT_LIMIT = 10
EMBED_TOTAL_LIMIT = 6000
NONCE_LIMIT = 25
ROW_LIMIT = 5
BUTTON_LIMIT = 5
_ACTION_ROW, _BUTTON, _LINK_STYLE = 1, 2, 5


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` requests in a window of `seconds` that the first of them opens."""

    count: int
    seconds: float


@dataclass(frozen=True, slots=True)
class RateLimits:
    """The rates that the sandbox enforces, each for one channel, guild or interaction; `everything` is the bot's global one."""

    everything: Rate = Rate(50, 1.0)
    send: Rate = Rate(5, 5.0)
    edit: Rate = Rate(5, 5.0)
    delete: Rate = Rate(5, 1.0)
    typing: Rate = Rate(5, 5.0)
    history: Rate = Rate(10, 5.0)
    start_thread: Rate = Rate(10, 10.0)
    edit_channel: Rate = Rate(10, 15.0)
    webhook: Rate = Rate(5, 2.0)
    commands: Rate = Rate(10, 20.0)
    others: Rate = Rate(20, 5.0)
    gateway: Rate = Rate(120, 60.0)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one request: how many more fit, and in how many seconds the window ends."""

    allowed: bool
    rate: Rate
    remaining: int
    reset_after: float


class RateLimiter:
    """Counts requests in fixed windows, a window for each key. Holds at most `keys` windows."""

    def __init__(self, clock: Callable[[], float], *, keys: int = 4096) -> None:
        self._clock = clock
        self._keys = keys
        self._windows: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def take(self, key: str, rate: Rate) -> Verdict:
        """Ask for one request; a refused one is not counted."""
        now = self._clock()
        ends, used = self._windows.get(key, (0.0, 0))
        if now >= ends:
            ends, used = now + rate.seconds, 0
        allowed = used < rate.count
        used += allowed
        self._windows[key] = (ends, used)
        self._windows.move_to_end(key)
        while len(self._windows) > self._keys:
            self._windows.popitem(last=False)
        return Verdict(allowed=allowed, rate=rate, remaining=rate.count - used, reset_after=ends - now)


def check_content(content: str) -> None:
    """At most 2,000 characters."""
    if len(content) > CONTENT_LIMIT:
        raise too_long("content", CONTENT_LIMIT)


def check_nonce(nonce: str | None) -> None:
    """At most 25 characters."""
    if nonce is not None and len(nonce) > NONCE_LIMIT:
        raise too_long("nonce", NONCE_LIMIT)


def check_files(sizes: Sequence[int]) -> None:
    """At most ten files; a file above the size limit is error 40005 with status 413."""
    if len(sizes) > ATTACHMENT_COUNT_LIMIT:
        raise invalid("attachments", "BASE_TYPE_MAX_LENGTH", f"Must be {ATTACHMENT_COUNT_LIMIT} or fewer in length.")
    if any(size > ATTACHMENT_SIZE_LIMIT for size in sizes):
        raise ApiError(Fault.ENTITY_TOO_LARGE)


def check_embeds(embeds: Sequence[Json]) -> None:
    """Ten embeds, 6,000 characters in all of them together, and a limit for each part."""
    if len(embeds) > EMBED_COUNT_LIMIT:
        raise too_long("embeds", EMBED_COUNT_LIMIT)
    total = 0
    for index, embed in enumerate(embeds):
        at = f"embeds.{index}"
        total += _measured(embed, "title", at, 256) + _measured(embed, "description", at, 4096)
        total += _measured(read.thing(embed, "footer"), "text", f"{at}.footer", 2048)
        total += _measured(read.thing(embed, "author"), "name", f"{at}.author", 256)
        fields = read.things(embed, "fields")
        if len(fields) > 25:
            raise too_long(f"{at}.fields", 25)
        for number, item in enumerate(fields):
            where = f"{at}.fields.{number}"
            if not read.text(item, "name") or not read.text(item, "value"):
                raise invalid(where, "BASE_TYPE_REQUIRED", "This field is required")
            total += _measured(item, "name", where, 256) + _measured(item, "value", where, 1024)
    if total > EMBED_TOTAL_LIMIT:
        raise invalid("embeds", "MAX_EMBED_SIZE_EXCEEDED", f"Embed size exceeds maximum size of {EMBED_TOTAL_LIMIT}")


def check_components(rows: Sequence[Json]) -> None:
    """Five rows of five buttons, each with an id of its own of at most 100 characters (a link has an address instead)."""
    if len(rows) > ROW_LIMIT:
        raise too_long("components", ROW_LIMIT)
    seen: set[str] = set()
    for index, row in enumerate(rows):
        at = f"components.{index}"
        if read.integer(row, "type") != _ACTION_ROW:
            raise invalid(f"{at}.type", "BASE_TYPE_CHOICES", "Value must be one of {1}.")
        parts = read.things(row, "components")
        if not 1 <= len(parts) <= BUTTON_LIMIT:
            raise invalid(f"{at}.components", "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {BUTTON_LIMIT} in length.")
        for number, part in enumerate(parts):
            where = f"{at}.components.{number}"
            _measured(part, "label", where, 80)
            _measured(part, "custom_id", where, 100)
            if read.integer(part, "type") == _BUTTON and read.integer(part, "style") == _LINK_STYLE:
                continue
            custom_id = read.text(part, "custom_id")
            if not custom_id:
                raise invalid(f"{where}.custom_id", "BASE_TYPE_REQUIRED", "This field is required")
            if custom_id in seen:
                raise invalid(f"{where}.custom_id", "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated")
            seen.add(custom_id)


def _measured(holder: Json, name: str, at: str, limit: int) -> int:
    value = read.text(holder, name) or ""
    if len(value) > limit:
        raise too_long(f"{at}.{name}", limit)
    return len(value)
