"""Discord's permission bits and how they are computed from roles and channel overwrites."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping


class Permission(IntFlag):
    """The bits that the sandbox checks or hands out; names and values are Discord's."""

    CREATE_INSTANT_INVITE = 1 << 0
    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    SEND_TTS_MESSAGES = 1 << 12
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    CONNECT = 1 << 20
    SPEAK = 1 << 21
    MUTE_MEMBERS = 1 << 22
    DEAFEN_MEMBERS = 1 << 23
    MOVE_MEMBERS = 1 << 24
    USE_VAD = 1 << 25
    CHANGE_NICKNAME = 1 << 26
    MANAGE_ROLES = 1 << 28
    USE_APPLICATION_COMMANDS = 1 << 31
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    CREATE_PRIVATE_THREADS = 1 << 36
    SEND_MESSAGES_IN_THREADS = 1 << 38


NONE = Permission(0)
ALL = Permission(sum(Permission))
EVERYBODY = (
    Permission.CREATE_INSTANT_INVITE
    | Permission.ADD_REACTIONS
    | Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.CONNECT
    | Permission.SPEAK
    | Permission.USE_VAD
    | Permission.CHANGE_NICKNAME
    | Permission.USE_APPLICATION_COMMANDS
    | Permission.CREATE_PUBLIC_THREADS
    | Permission.CREATE_PRIVATE_THREADS
    | Permission.SEND_MESSAGES_IN_THREADS
)
"""What a new guild gives to everybody, as far as the sandbox knows it."""

_NEEDS_SENDING = Permission.SEND_TTS_MESSAGES | Permission.MENTION_EVERYONE | Permission.EMBED_LINKS | Permission.ATTACH_FILES


class OverwriteKind(IntEnum):
    """Whom an overwrite is about."""

    ROLE = 0
    MEMBER = 1


@dataclass(slots=True)
class Overwrite:
    """What a channel allows and denies to one role or member."""

    target_id: int
    kind: OverwriteKind
    allow: Permission = NONE
    deny: Permission = NONE


def guild_permissions(everyone: Permission, roles: Iterable[Permission], *, owner: bool) -> Permission:
    """What a member may do in the guild: everyone's and their roles' permissions together; owners and administrators may all."""
    granted = everyone
    for role in roles:
        granted |= role
    return ALL if owner or Permission.ADMINISTRATOR in granted else granted


def channel_permissions(
    base: Permission, overwrites: Mapping[int, Overwrite], *, guild_id: int, role_ids: Collection[int], user_id: int
) -> Permission:
    """Apply a channel's overwrites: everyone's, then all roles' together (allow wins), then the member's own.

    An administrator's `base` is not changed. The implicit rules are applied by `implied`.
    """
    if Permission.ADMINISTRATOR in base:
        return base
    granted = base
    if everyone := overwrites.get(guild_id):
        granted = granted & ~everyone.deny | everyone.allow
    of_roles = [overwrites[role] for role in role_ids if role in overwrites]
    for overwrite in of_roles:
        granted &= ~overwrite.deny
    for overwrite in of_roles:
        granted |= overwrite.allow
    if own := overwrites.get(user_id):
        granted = granted & ~own.deny | own.allow
    return granted


def implied(granted: Permission, *, in_thread: bool) -> Permission:
    """Take away what depends on a permission that is missing: nothing works unseen, and files and embeds need sending."""
    if Permission.VIEW_CHANNEL not in granted:
        return NONE
    sending = Permission.SEND_MESSAGES_IN_THREADS if in_thread else Permission.SEND_MESSAGES
    return granted if sending in granted else granted & ~_NEEDS_SENDING
