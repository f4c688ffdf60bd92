"""One gateway session as a state machine: numbers events, keeps them for a resume, hides what intents do not cover. No I/O."""

from __future__ import annotations

import json
from collections import deque
from enum import IntEnum
from typing import TYPE_CHECKING, cast

from sandbox import payloads
from sandbox.world import Dispatch, Intent

if TYPE_CHECKING:
    from sandbox.models import Json
    from sandbox.world import World

REPLAY_LIMIT = 2000
"""Events that a session keeps for a client that comes back."""


class Op(IntEnum):
    """Gateway opcodes."""

    DISPATCH = 0
    HEARTBEAT = 1
    IDENTIFY = 2
    PRESENCE = 3
    VOICE_STATE = 4
    RESUME = 6
    RECONNECT = 7
    REQUEST_MEMBERS = 8
    INVALID_SESSION = 9
    HELLO = 10
    HEARTBEAT_ACK = 11


class CloseCode(IntEnum):
    """Gateway close codes."""

    UNKNOWN_OPCODE = 4001
    DECODE_ERROR = 4002
    NOT_AUTHENTICATED = 4003
    AUTHENTICATION_FAILED = 4004
    ALREADY_AUTHENTICATED = 4005
    RATE_LIMITED = 4008
    DISALLOWED_INTENTS = 4014


def frame(op: Op, data: object = None) -> str:
    """A frame other than a dispatch."""
    return json.dumps({"op": int(op), "d": data})


class Session:
    """What one identified client has been told. It outlives its connection for as long as it may be resumed."""

    def __init__(self, session_id: str, intents: Intent, world: World) -> None:
        self.id = session_id
        self.intents = intents
        self._world = world
        self._sequence = 0
        self._sent: deque[tuple[int, str]] = deque(maxlen=REPLAY_LIMIT)

    def dispatch(self, event: Dispatch) -> str | None:
        """Number an event and keep it; the frame to send, or None when the intents do not cover it."""
        if event.intent and not event.intent & self.intents:
            return None
        data = self._redacted(event) if event.name.startswith("MESSAGE_") else event.data
        self._sequence += 1
        text = json.dumps({"op": int(Op.DISPATCH), "t": event.name, "s": self._sequence, "d": data})
        self._sent.append((self._sequence, text))
        return text

    def replay(self, sequence: int) -> list[str] | None:
        """The frames after `sequence`; None when it is not this session's, or too long ago."""
        oldest = self._sent[0][0] if self._sent else self._sequence + 1
        if sequence > self._sequence or sequence + 1 < oldest:
            return None
        return [text for number, text in self._sent if number > sequence]

    def greeting(self, gateway_url: str) -> list[str]:
        """READY, then the guild."""
        world = self._world
        ready: Json = {
            "v": 10,
            "user": payloads.own_user(world.bot),
            "guilds": [{"id": str(world.guild.id), "unavailable": True}],
            "session_id": self.id,
            "resume_gateway_url": gateway_url,
            "application": {"id": str(world.application_id), "flags": 0},
            "private_channels": [],
            "relationships": [],
            "shard": [0, 1],
        }
        frames = [self.dispatch(Dispatch("READY", ready))]
        if Intent.GUILDS & self.intents:
            voice = bool(Intent.GUILD_VOICE_STATES & self.intents)
            guild = payloads.guild_create(world, self._known_members(), voice=voice)
            frames.append(self.dispatch(Dispatch("GUILD_CREATE", guild)))
        return [each for each in frames if each is not None]

    def members_chunk(self, request: Json) -> str | None:
        """Answer op 8: by ids, or by the beginning of a name. The whole list needs the members intent."""
        members = list(self._world.guild.members.values())
        wanted, query = request.get("user_ids"), str(request.get("query") or "").lower()
        missing: list[str] = []
        if wanted is not None:
            ids = [str(each) for each in wanted] if isinstance(wanted, list) else [str(wanted)]
            members = [each for each in members if str(each.user.id) in ids]
            missing = sorted(set(ids) - {str(each.user.id) for each in members})
        elif query:
            members = [
                each for each in members if each.user.name.startswith(query) or each.display_name.lower().startswith(query)
            ]
        elif not Intent.GUILD_MEMBERS & self.intents:
            members = []
        limit = request.get("limit")
        if isinstance(limit, int) and limit > 0 and wanted is None:
            members = members[:limit]
        data: Json = {
            "guild_id": str(self._world.guild.id),
            "members": [payloads.member(each) for each in members],
            "chunk_index": 0,
            "chunk_count": 1,
            "not_found": missing,
            "presences": [],
            "nonce": request.get("nonce"),
        }
        return self.dispatch(Dispatch("GUILD_MEMBERS_CHUNK", data))

    def _known_members(self) -> list[int]:
        """Everybody with the members intent; without it the bot and who sits in voice."""
        guild = self._world.guild
        if Intent.GUILD_MEMBERS & self.intents:
            return list(guild.members)
        return [self._world.bot.id, *(each for each in guild.voice_states if each != self._world.bot.id)]

    def _redacted(self, event: Dispatch) -> Json:
        """Without the message content intent, others' messages come empty unless they mention the bot."""
        author, mentions = event.data.get("author"), event.data.get("mentions")
        if Intent.MESSAGE_CONTENT & self.intents or not isinstance(author, dict) or not isinstance(mentions, list):
            return event.data
        bot_id = str(self._world.bot.id)
        named = {author.get("id"), *(cast("Json", each).get("id") for each in mentions)}
        if bot_id in named:
            return event.data
        return event.data | {"content": "", "embeds": [], "attachments": [], "components": []}
