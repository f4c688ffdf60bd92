"""Channels and threads: read, start, join, archive, typing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox import payloads
from sandbox.errors import ApiError, Fault
from sandbox.models import ChannelKind, Thread
from sandbox.permissions import Permission
from sandbox.routes.base import Call, Route
from sandbox.world import Intent

if TYPE_CHECKING:
    from sandbox.models import Json


def read(call: Call) -> Json:
    """A channel or thread that the bot can see."""
    place = call.place()
    call.desk.world.demand(call.bot_id, place, Permission.VIEW_CHANNEL)
    return payloads.place(call.desk.world, place)


def change(call: Call) -> Json:
    """Change a thread. Channels of the guild are not the bot's to change."""
    place = call.place()
    if not isinstance(place, Thread):
        call.desk.world.demand(call.bot_id, place, Permission.MANAGE_CHANNELS)
        raise ApiError(Fault.WRONG_CHANNEL_TYPE)
    return payloads.thread(call.desk.world, call.desk.threads.change(call.bot_id, place, call.body))


def delete(call: Call) -> Json:
    """Delete a thread, or a channel with the permission for it."""
    place = call.place()
    gone = payloads.place(call.desk.world, place)
    if isinstance(place, Thread):
        call.desk.threads.delete(call.bot_id, place)
    else:
        call.desk.world.demand(call.bot_id, place, Permission.MANAGE_CHANNELS)
        call.desk.world.delete_channel(place)
    return gone


def typing(call: Call) -> None:
    """Show the typing indicator."""
    place = call.place()
    needed = Permission.SEND_MESSAGES_IN_THREADS if isinstance(place, Thread) else Permission.SEND_MESSAGES
    world = call.desk.world
    world.demand(call.bot_id, place, needed)
    data: Json = {
        "channel_id": str(place.id),
        "guild_id": str(world.guild.id),
        "user_id": str(call.bot_id),
        "timestamp": int(world.clock()),
        "member": payloads.member(world.member(call.bot_id)),
    }
    world.emit("TYPING_START", data, Intent.GUILD_MESSAGE_TYPING, place)
    world.record("channel.typing", channel_id=place.id)


def start_thread(call: Call) -> Json:
    """Start a thread in a channel."""
    return payloads.thread(call.desk.world, call.desk.threads.start(call.bot_id, call.place(), call.body))


def start_thread_from(call: Call) -> Json:
    """Start a thread from a message."""
    number = call.number("message", Fault.UNKNOWN_MESSAGE)
    return payloads.thread(call.desk.world, call.desk.threads.start_from(call.bot_id, call.place(), number, call.body))


def join(call: Call) -> None:
    """Join a thread, or add somebody to it."""
    place, user_id = call.place(), call.number("user", Fault.UNKNOWN_USER)
    call.desk.world.member(user_id)
    call.desk.world.demand(call.bot_id, place, Permission.SEND_MESSAGES_IN_THREADS)
    call.desk.threads.add(place, user_id)


def leave(call: Call) -> None:
    """Leave a thread, or take somebody out of it."""
    place, user_id = call.place(), call.number("user", Fault.UNKNOWN_USER)
    if user_id != call.bot_id:
        call.desk.world.demand(call.bot_id, place, Permission.MANAGE_THREADS)
    call.desk.threads.remove(place, user_id)


def members(call: Call) -> list[Json]:
    """Who is in a thread."""
    thread = _thread(call)
    return [payloads.thread_member(thread, each) for each in thread.members]


def archived(call: Call) -> Json:
    """The archived public threads of a channel, newest first."""
    world, place = call.desk.world, call.place()
    world.demand(call.bot_id, place, Permission.READ_MESSAGE_HISTORY)
    threads = [
        each
        for each in world.guild.threads.values()
        if each.parent_id == place.id and each.archived and each.kind is ChannelKind.PUBLIC_THREAD
    ]
    threads.sort(key=lambda each: each.archive_changed_at, reverse=True)
    return {"threads": [payloads.thread(world, each) for each in threads], "members": [], "has_more": False}


def _thread(call: Call) -> Thread:
    place = call.place()
    if not isinstance(place, Thread):
        raise ApiError(Fault.WRONG_CHANNEL_TYPE)
    call.desk.world.demand(call.bot_id, place, Permission.VIEW_CHANNEL)
    return place


_MEMBER = "/channels/{channel}/thread-members/{user}"
CHANNEL_ROUTES = (
    Route("GET", "/channels/{channel}", read, lambda limits: limits.others, "channel"),
    Route("PATCH", "/channels/{channel}", change, lambda limits: limits.edit_channel, "channel"),
    Route("DELETE", "/channels/{channel}", delete, lambda limits: limits.others, "channel"),
    Route("POST", "/channels/{channel}/typing", typing, lambda limits: limits.typing, "channel"),
    Route("POST", "/channels/{channel}/threads", start_thread, lambda limits: limits.start_thread, "channel"),
    Route(
        "POST",
        "/channels/{channel}/messages/{message}/threads",
        start_thread_from,
        lambda limits: limits.start_thread,
        "channel",
    ),
    Route("GET", "/channels/{channel}/threads/archived/public", archived, lambda limits: limits.others, "channel"),
    Route("GET", "/channels/{channel}/thread-members", members, lambda limits: limits.others, "channel"),
    Route("PUT", _MEMBER, join, lambda limits: limits.others, "channel"),
    Route("DELETE", _MEMBER, leave, lambda limits: limits.others, "channel"),
)
