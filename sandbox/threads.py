"""Threads: started from a channel or a message, joined, archived, locked. No I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox import body as read
from sandbox import payloads
from sandbox.drafts import Draft
from sandbox.errors import ApiError, Fault, invalid, too_long
from sandbox.models import Channel, ChannelKind, Message, MessageFlag, MessageKind, Thread
from sandbox.permissions import Permission
from sandbox.world import Intent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.messages import Messages
    from sandbox.models import Place
    from sandbox.world import World

NAME_LIMIT = 100
AUTO_ARCHIVE_MINUTES = (60, 1440, 4320, 10080)


class Threads:
    """Starts and changes threads on behalf of members."""

    def __init__(self, world: World, messages: Messages) -> None:
        self._world = world
        self._messages = messages

    def start(self, owner_id: int, channel: Place, body: Mapping[str, object]) -> Thread:
        """`POST /channels/{id}/threads`: without a `type` the thread is private, as in version 10 of the API."""
        kind = read.integer(body, "type", ChannelKind.PRIVATE_THREAD)
        if kind not in {ChannelKind.PUBLIC_THREAD, ChannelKind.PRIVATE_THREAD}:
            raise invalid("type", "BASE_TYPE_CHOICES", "Value must be one of {10, 11, 12}.")
        thread = self._make(owner_id, self._parent(channel), body, ChannelKind(kind), self._world.snowflake())
        if thread.kind is ChannelKind.PUBLIC_THREAD:
            self._messages.put(owner_id, channel, Draft(content=thread.name), kind=MessageKind.THREAD_CREATED)
        return thread

    def start_from(self, owner_id: int, channel: Place, message_id: int, body: Mapping[str, object]) -> Thread:
        """`POST /channels/{id}/messages/{id}/threads`: the thread gets the message's id."""
        parent = self._parent(channel)
        self._world.demand(owner_id, parent, Permission.READ_MESSAGE_HISTORY)
        message = self._messages.get(channel.id, message_id)
        if message_id in self._world.guild.threads:
            raise ApiError(Fault.THREAD_EXISTS)
        thread = self._make(owner_id, parent, body, ChannelKind.PUBLIC_THREAD, message_id)
        message.flags |= MessageFlag.HAS_THREAD
        self._announce(message)
        starter = Draft(reference_id=message_id)
        self._messages.put(message.author_id, thread, starter, kind=MessageKind.THREAD_STARTER_MESSAGE)
        thread.message_count = 0  # the starter is not counted
        return thread

    def change(self, editor_id: int, thread: Thread, body: Mapping[str, object]) -> Thread:
        """`PATCH /channels/{id}`: name, archived, locked, auto_archive_duration.

        Its owner and who may manage threads can change it; locking needs the permission; anybody who may send opens it again.
        An archived thread must be opened in the same request.
        """
        archived = read.flag(body, "archived", default=thread.archived)
        locked = read.flag(body, "locked", default=thread.locked)
        only_opens = not archived and not locked and set(body) == {"archived"}
        if only_opens and not thread.locked:
            self._world.demand(editor_id, thread, Permission.SEND_MESSAGES_IN_THREADS)
        elif locked != thread.locked or thread.locked or editor_id != thread.owner_id:
            self._world.demand(editor_id, thread, Permission.MANAGE_THREADS)
        else:
            self._world.demand(editor_id, thread, Permission.VIEW_CHANNEL)
        if thread.archived and archived:
            raise ApiError(Fault.ARCHIVED_THREAD)
        if "name" in body:
            thread.name = _name(body)
        if "auto_archive_duration" in body:
            thread.auto_archive_minutes = _auto_archive(body)
        if archived != thread.archived:
            thread.archive_changed_at = self._world.clock()
        thread.archived, thread.locked = archived, locked
        self._world.emit("THREAD_UPDATE", payloads.thread(self._world, thread), Intent.GUILDS, thread)
        self._world.record("thread.update", thread_id=thread.id, name=thread.name, archived=archived, locked=locked)
        return thread

    def add(self, thread: Place, user_id: int) -> None:
        """Somebody joins a thread, or is added to it."""
        one = self._open(thread)
        self._world.demand(user_id, one, Permission.VIEW_CHANNEL)
        if user_id not in one.members:
            one.members[user_id] = self._world.clock()
            self._tell_members(one, added=user_id)

    def remove(self, thread: Place, user_id: int) -> None:
        """Somebody leaves a thread."""
        one = self._open(thread)
        if one.members.pop(user_id, None) is not None:
            self._tell_members(one, removed=user_id)

    def delete(self, deleter_id: int, thread: Thread) -> None:
        """`DELETE /channels/{id}` of a thread."""
        self._world.demand(deleter_id, thread, Permission.MANAGE_THREADS)
        self._world.delete_channel(thread)

    def _parent(self, place: Place) -> Channel:
        if not isinstance(place, Channel) or place.kind is not ChannelKind.TEXT:
            raise ApiError(Fault.WRONG_CHANNEL_TYPE)
        return place

    def _make(self, owner_id: int, parent: Channel, body: Mapping[str, object], kind: ChannelKind, thread_id: int) -> Thread:
        public = kind is ChannelKind.PUBLIC_THREAD
        self._world.demand(owner_id, parent, Permission.CREATE_PUBLIC_THREADS if public else Permission.CREATE_PRIVATE_THREADS)
        now = self._world.clock()
        minutes = _auto_archive(body) if "auto_archive_duration" in body else 1440
        thread = Thread(thread_id, kind, _name(body), parent.id, owner_id, now, minutes, archive_changed_at=now)
        thread.members[owner_id] = now
        self._world.guild.threads[thread.id] = thread
        data = payloads.thread(self._world, thread) | {"newly_created": True}
        self._world.emit("THREAD_CREATE", data, Intent.GUILDS, thread)
        self._world.record("thread.create", thread_id=thread.id, parent_id=parent.id, owner_id=owner_id, name=thread.name)
        return thread

    def _open(self, place: Place) -> Thread:
        if not isinstance(place, Thread):
            raise ApiError(Fault.WRONG_CHANNEL_TYPE)
        if place.archived:
            raise ApiError(Fault.ARCHIVED_THREAD)
        return place

    def _announce(self, message: Message) -> None:
        place = self._world.place(message.channel_id)
        self._world.emit("MESSAGE_UPDATE", payloads.guild_message(self._world, message), Intent.GUILD_MESSAGES, place)

    def _tell_members(self, thread: Thread, *, added: int | None = None, removed: int | None = None) -> None:
        data = payloads.thread_key(self._world, thread) | {
            "member_count": len(thread.members),
            "added_members": [payloads.thread_member(thread, added)] if added else [],
            "removed_member_ids": [str(removed)] if removed else [],
        }
        self._world.emit("THREAD_MEMBERS_UPDATE", data, Intent.GUILDS, thread)


def _name(body: Mapping[str, object]) -> str:
    name = (read.text(body, "name") or "").strip()
    if not name:
        raise invalid("name", "BASE_TYPE_REQUIRED", "This field is required")
    if len(name) > NAME_LIMIT:
        raise too_long("name", NAME_LIMIT)
    return name


def _auto_archive(body: Mapping[str, object]) -> int:
    minutes = read.integer(body, "auto_archive_duration")
    if minutes not in AUTO_ARCHIVE_MINUTES:
        raise invalid("auto_archive_duration", "BASE_TYPE_CHOICES", f"Value must be one of {set(AUTO_ARCHIVE_MINUTES)}.")
    return minutes
