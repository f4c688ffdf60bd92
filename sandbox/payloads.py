"""Discord's JSON for the things of the world: what REST answers and what the gateway dispatches."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sandbox.limits import ATTACHMENT_SIZE_LIMIT
from sandbox.models import Channel, ChannelKind, Json, MessageKind, Thread

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sandbox.models import Attachment, Member, Message, Place, Role, User, VoiceState
    from sandbox.world import World


def iso(seconds: float) -> str:
    """Unix seconds as Discord writes times."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")


def user(person: User) -> Json:
    """A user object."""
    return {
        "id": str(person.id),
        "username": person.name,
        "global_name": None if person.bot else person.display_name,
        "discriminator": "0000" if person.bot else "0",
        "avatar": None,
        "bot": person.bot,
        "public_flags": 0,
    }


def own_user(person: User) -> Json:
    """The bot's own user object."""
    return user(person) | {"verified": True, "flags": 0, "mfa_enabled": False, "locale": "en-US", "email": None}


def member(who: Member, *, with_user: bool = True) -> Json:
    """A member object of the guild."""
    data: Json = {
        "roles": [str(role) for role in who.roles],
        "nick": who.nick,
        "avatar": None,
        "joined_at": iso(who.joined_at),
        "premium_since": None,
        "communication_disabled_until": None,
        "deaf": False,
        "mute": False,
        "pending": False,
        "flags": 0,
    }
    if with_user:
        data["user"] = user(who.user)
    return data


def role(one: Role) -> Json:
    """A role object."""
    data: Json = {
        "id": str(one.id),
        "name": one.name,
        "permissions": str(int(one.permissions)),
        "position": one.position,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "managed": one.managed,
        "mentionable": False,
        "flags": 0,
    }
    return data


def channel(world: World, one: Channel) -> Json:
    """A channel object."""
    data: Json = {
        "id": str(one.id),
        "type": int(one.kind),
        "guild_id": str(world.guild.id),
        "name": one.name,
        "position": one.position,
        "parent_id": str(one.parent_id) if one.parent_id else None,
        "nsfw": False,
        "flags": 0,
        "last_message_id": str(one.last_message_id) if one.last_message_id else None,
        "permission_overwrites": [
            {"id": str(each.target_id), "type": int(each.kind), "allow": str(int(each.allow)), "deny": str(int(each.deny))}
            for each in one.overwrites.values()
        ],
    }
    if one.kind is ChannelKind.VOICE:
        data |= {"bitrate": 64000, "user_limit": one.user_limit, "rtc_region": None, "rate_limit_per_user": 0}
    elif one.kind is ChannelKind.TEXT:
        data |= {"topic": None, "rate_limit_per_user": 0}
    return data


def thread_key(world: World, one: Thread) -> Json:
    """What names a thread, as in THREAD_DELETE."""
    return {"id": str(one.id), "guild_id": str(world.guild.id), "parent_id": str(one.parent_id), "type": int(one.kind)}


def thread(world: World, one: Thread) -> Json:
    """A thread as a channel object; with `member` when the bot has joined it."""
    data = thread_key(world, one) | {
        "name": one.name,
        "owner_id": str(one.owner_id),
        "last_message_id": str(one.last_message_id) if one.last_message_id else None,
        "message_count": one.message_count,
        "total_message_sent": one.message_count,
        "member_count": len(one.members),
        "rate_limit_per_user": 0,
        "flags": 0,
        "thread_metadata": {
            "archived": one.archived,
            "locked": one.locked,
            "auto_archive_duration": one.auto_archive_minutes,
            "archive_timestamp": iso(one.archive_changed_at),
            "create_timestamp": iso(one.created_at),
            "invitable": True,
        },
    }
    if world.bot.id in one.members:
        data["member"] = thread_member(one, world.bot.id)
    return data


def thread_member(one: Thread, user_id: int) -> Json:
    """Somebody in a thread."""
    return {"id": str(one.id), "user_id": str(user_id), "join_timestamp": iso(one.members[user_id]), "flags": 1}


def place(world: World, one: Place) -> Json:
    """A channel or a thread."""
    return thread(world, one) if isinstance(one, Thread) else channel(world, one)


def attachment(one: Attachment) -> Json:
    """A file of a message."""
    data: Json = {
        "id": str(one.id),
        "filename": one.filename,
        "size": len(one.data),
        "url": one.url,
        "proxy_url": one.url,
        "content_type": one.content_type,
    }
    if one.description is not None:
        data["description"] = one.description
    return data


def message(world: World, one: Message, *, referenced: Message | None = None) -> Json:
    """A message object as REST answers it."""
    author = world.guild.members[one.author_id].user
    data: Json = {
        "id": str(one.id),
        "channel_id": str(one.channel_id),
        "author": user(author),
        "content": one.content,
        "timestamp": iso(one.at),
        "edited_timestamp": iso(one.edited_at) if one.edited_at else None,
        "tts": False,
        "type": int(one.kind),
        "flags": int(one.flags),
        "mention_everyone": one.mention_everyone,
        "mentions": [user(world.guild.members[each].user) for each in one.mentions],
        "mention_roles": [str(each) for each in one.mention_roles],
        "attachments": [attachment(each) for each in one.attachments],
        "embeds": one.embeds,
        "components": one.components,
        "pinned": False,
    }
    if one.nonce is not None:
        data["nonce"] = one.nonce
    if one.interaction_id is not None:
        data["webhook_id"] = data["application_id"] = str(world.application_id)
    if one.reference_id is not None:
        where = one.channel_id
        if one.kind is MessageKind.THREAD_STARTER_MESSAGE:
            where = world.guild.threads[one.channel_id].parent_id
        data["message_reference"] = {
            "message_id": str(one.reference_id),
            "channel_id": str(where),
            "guild_id": str(world.guild.id),
        }
        data["referenced_message"] = message(world, referenced) if referenced else None
    return data


def guild_message(world: World, one: Message, *, referenced: Message | None = None) -> Json:
    """A message object as MESSAGE_CREATE and MESSAGE_UPDATE carry it."""
    author = world.guild.members[one.author_id]
    return message(world, one, referenced=referenced) | {
        "guild_id": str(world.guild.id),
        "member": member(author, with_user=False),
    }


def voice_state(world: World, one: VoiceState) -> Json:
    """A voice state; channel 0 means that the person has left."""
    return {
        "guild_id": str(world.guild.id),
        "channel_id": str(one.channel_id) if one.channel_id else None,
        "user_id": str(one.user_id),
        "session_id": one.session_id,
        "member": member(world.guild.members[one.user_id]),
        "deaf": False,
        "mute": False,
        "self_deaf": one.self_deaf,
        "self_mute": one.self_mute,
        "self_video": False,
        "self_stream": False,
        "suppress": False,
        "request_to_speak_timestamp": None,
    }


def guild(world: World) -> Json:
    """A guild object as `GET /guilds/{id}` answers it."""
    one = world.guild
    return {
        "id": str(one.id),
        "name": one.name,
        "icon": None,
        "owner_id": str(one.owner_id),
        "roles": [role(each) for each in one.roles.values()],
        "emojis": [],
        "stickers": [],
        "features": [],
        "verification_level": 0,
        "default_message_notifications": 0,
        "explicit_content_filter": 0,
        "mfa_level": 0,
        "nsfw_level": 0,
        "premium_tier": 0,
        "premium_subscription_count": 0,
        "premium_progress_bar_enabled": False,
        "preferred_locale": "en-US",
        "system_channel_id": None,
        "system_channel_flags": 0,
        "afk_channel_id": None,
        "afk_timeout": 300,
        "description": None,
        "vanity_url_code": None,
    }


def guild_create(world: World, member_ids: Iterable[int], *, voice: bool) -> Json:
    """The guild as GUILD_CREATE brings it: these members, and the channels and threads that the bot can see."""
    one = world.guild
    seen = [each for each in one.channels.values() if world.permissions(world.bot.id, each)]
    visible = {each.id for each in seen}
    return guild(world) | {
        "joined_at": iso(one.members[world.bot.id].joined_at),
        "large": False,
        "unavailable": False,
        "member_count": len(one.members),
        "channels": [channel(world, each) for each in seen],
        "threads": [thread(world, each) for each in one.threads.values() if each.parent_id in visible and not each.archived],
        "members": [member(one.members[each]) for each in member_ids],
        "voice_states": [_without_guild(voice_state(world, each)) for each in one.voice_states.values()] if voice else [],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }


def application(world: World) -> Json:
    """The bot's application object."""
    return {
        "id": str(world.application_id),
        "name": world.bot.display_name,
        "description": "",
        "icon": None,
        "bot_public": True,
        "bot_require_code_grant": False,
        "owner": user(world.owner),
        "team": None,
        "verify_key": "0" * 64,
        "flags": 0,
        "approximate_guild_count": 1,
    }


def interaction(world: World, where: Place, user_id: int) -> Json:
    """What all interactions of a member in a place have in common."""
    who = member(world.member(user_id))
    who["permissions"] = str(int(world.permissions(user_id, where)))
    there = place(world, where)
    there["permissions"] = who["permissions"]
    return {
        "application_id": str(world.application_id),
        "version": 1,
        "guild_id": str(world.guild.id),
        "guild": {"id": str(world.guild.id), "locale": "en-US", "features": []},
        "channel_id": str(where.id),
        "channel": there,
        "member": who,
        "app_permissions": str(int(world.permissions(world.bot.id, where))),
        "locale": "en-US",
        "guild_locale": "en-US",
        "attachment_size_limit": ATTACHMENT_SIZE_LIMIT,
        "entitlements": [],
        "authorizing_integration_owners": {"0": str(world.guild.id)},
        "context": 0,
    }


def _without_guild(data: Json) -> Json:
    return {name: value for name, value in data.items() if name != "guild_id"}
