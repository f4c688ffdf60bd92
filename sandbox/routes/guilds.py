"""The bot itself, its gateway, the guild, its members and roles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox import body as read
from sandbox import payloads
from sandbox.errors import ApiError, Fault, too_long
from sandbox.permissions import Permission
from sandbox.routes.base import Call, Route

if TYPE_CHECKING:
    from sandbox.models import Json
    from sandbox.world import World


def me(call: Call) -> Json:
    """The bot's own user."""
    return payloads.own_user(call.desk.world.bot)


def application(call: Call) -> Json:
    """The bot's application."""
    return payloads.application(call.desk.world)


def gateway(call: Call) -> Json:
    """Where the gateway is."""
    return {"url": call.desk.gateway_url()}


def gateway_for_bots(call: Call) -> Json:
    """Where the gateway is, with the advice for bots."""
    starts: Json = {"total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": 1}
    return gateway(call) | {"shards": 1, "session_start_limit": starts}


def user(call: Call) -> Json:
    """Any user."""
    number = call.number("user", Fault.UNKNOWN_USER)
    found = call.desk.world.guild.members.get(number)
    if found is None:
        raise ApiError(Fault.UNKNOWN_USER)
    return payloads.user(found.user)


def own_guilds(call: Call) -> list[Json]:
    """The guilds that the bot is in."""
    guild = call.desk.world.guild
    bits = str(int(call.desk.world.permissions(call.bot_id)))
    return [{"id": str(guild.id), "name": guild.name, "icon": None, "owner": False, "permissions": bits, "features": []}]


def guild(call: Call) -> Json:
    """The guild."""
    world = _world(call)
    counts: Json = {}
    if call.query.get("with_counts") in {"1", "true", "True"}:
        counts = {"approximate_member_count": len(world.guild.members), "approximate_presence_count": 1}
    return payloads.guild(world) | counts


def channels(call: Call) -> list[Json]:
    """The guild's channels that the bot can see."""
    world = _world(call)
    return [payloads.channel(world, each) for each in world.guild.channels.values() if world.permissions(call.bot_id, each)]


def active_threads(call: Call) -> Json:
    """The threads that are not archived."""
    world = _world(call)
    threads = [each for each in world.guild.threads.values() if not each.archived and world.permissions(call.bot_id, each)]
    joined = [payloads.thread_member(each, call.bot_id) for each in threads if call.bot_id in each.members]
    return {"threads": [payloads.thread(world, each) for each in threads], "members": joined}


def roles(call: Call) -> list[Json]:
    """The guild's roles."""
    return [payloads.role(each) for each in _world(call).guild.roles.values()]


def members(call: Call) -> list[Json]:
    """The guild's members by id."""
    limit, after = call.asked("limit") or 1, call.asked("after") or 0
    found = sorted((each for each in _world(call).guild.members.values() if each.user.id > after), key=lambda each: each.user.id)
    return [payloads.member(each) for each in found[:limit]]


def member(call: Call) -> Json:
    """One member."""
    return payloads.member(_world(call).member(call.number("user", Fault.UNKNOWN_USER)))


def own_nick(call: Call) -> Json:
    """Change the bot's own nick."""
    world = _world(call)
    if Permission.CHANGE_NICKNAME not in world.permissions(call.bot_id):
        raise ApiError(Fault.MISSING_PERMISSIONS)
    own = world.member(call.bot_id)
    nick = read.text(call.body, "nick")
    if nick is not None and len(nick) > 32:
        raise too_long("nick", 32)
    own.nick = nick or None
    return payloads.member(own)


def voice_state(call: Call) -> Json:
    """Where somebody sits."""
    state = _world(call).guild.voice_states.get(call.number("user", Fault.UNKNOWN_USER))
    if state is None:
        raise ApiError(Fault.UNKNOWN_VOICE_STATE)
    return payloads.voice_state(call.desk.world, state)


def _world(call: Call) -> World:
    world = call.desk.world
    if call.number("guild", Fault.UNKNOWN_GUILD) != world.guild.id:
        raise ApiError(Fault.UNKNOWN_GUILD)
    return world


GUILD_ROUTES = (
    Route("GET", "/users/@me", me, lambda limits: limits.others),
    Route("GET", "/users/@me/guilds", own_guilds, lambda limits: limits.others),
    Route("GET", "/users/{user}", user, lambda limits: limits.others),
    Route("GET", "/oauth2/applications/@me", application, lambda limits: limits.others),
    Route("GET", "/applications/@me", application, lambda limits: limits.others),
    Route("GET", "/gateway", gateway, lambda _: None, open=True),
    Route("GET", "/gateway/bot", gateway_for_bots, lambda limits: limits.others),
    Route("GET", "/guilds/{guild}", guild, lambda limits: limits.others, "guild"),
    Route("GET", "/guilds/{guild}/channels", channels, lambda limits: limits.others, "guild"),
    Route("GET", "/guilds/{guild}/threads/active", active_threads, lambda limits: limits.others, "guild"),
    Route("GET", "/guilds/{guild}/roles", roles, lambda limits: limits.others, "guild"),
    Route("GET", "/guilds/{guild}/members", members, lambda limits: limits.others, "guild"),
    Route("PATCH", "/guilds/{guild}/members/@me", own_nick, lambda limits: limits.others, "guild"),
    Route("GET", "/guilds/{guild}/members/{user}", member, lambda limits: limits.others, "guild"),
    Route("GET", "/guilds/{guild}/voice-states/{user}", voice_state, lambda limits: limits.others, "guild"),
)
