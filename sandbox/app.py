"""The sandbox put together: one server for REST, gateway and files, a voice server beside it, and hands for people."""

from __future__ import annotations

import secrets
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

from aiohttp import web

from sandbox.certificate import make_certificate
from sandbox.commands import Commands
from sandbox.drafts import Draft
from sandbox.errors import SandboxError
from sandbox.gateway import Gateway
from sandbox.interactions import Interactions
from sandbox.limits import RateLimiter, RateLimits
from sandbox.log import EventLog
from sandbox.messages import Messages
from sandbox.models import ChannelKind
from sandbox.replies import Interaction
from sandbox.rest import API_PATH, MAX_BODY, RestApi
from sandbox.routes import Desk
from sandbox.threads import Threads
from sandbox.voice.server import VoiceServer
from sandbox.world import Intent, World

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

    import numpy as np
    from numpy.typing import NDArray

    from sandbox.commands import Value
    from sandbox.log import Event
    from sandbox.models import Channel, Message, Thread, User
    from sandbox.ports import VoiceRooms
    from sandbox.voice.impairments import Impairments

PEOPLE = ("Alice", "Ben", "Carla", "Dan")
"""Who is in the default guild beside its owner, Olivia."""


class Sandbox:
    """A Discord in a box, on free ports of 127.0.0.1.

    The default world is one guild with #general, #team, the voice channels "Meeting room" and "Lounge", four people and
    their owner. Use it as an async context manager; `env()` is what a bot's process needs to find it.
    `voice` takes the place of the voice server; the arguments after it are passed to the usual one.
    """

    def __init__(
        self,
        *,
        token: str | None = None,
        limits: RateLimits | None = None,
        refused_intents: Intent = Intent.ALWAYS,
        clock: Callable[[], float] = time.time,
        voice: VoiceRooms | None = None,
        dave: bool = True,
        announce_speaking: bool = True,
        impairments: Impairments | None = None,
        seed: int = 0,
    ) -> None:
        self.token = token or f"sandbox.{secrets.token_urlsafe(16)}"
        self.log = EventLog()
        self.world = World(clock=clock, record=self.log.record)
        self.people = {name: self.world.add_person(name) for name in PEOPLE}
        self.general = self.world.add_channel("general")
        self.team = self.world.add_channel("team")
        self.meeting_room = self.world.add_channel("Meeting room", ChannelKind.VOICE)
        self.lounge = self.world.add_channel("Lounge", ChannelKind.VOICE)
        self._folder = tempfile.TemporaryDirectory(prefix="minutes-sandbox-")
        self._certificate = make_certificate(Path(self._folder.name))
        self.voice: VoiceRooms = voice or VoiceServer(
            self.log,
            certificate=self._certificate.certificate,
            key=self._certificate.key,
            dave=dave,
            announce_speaking=announce_speaking,
            impairments=impairments,
            seed=seed,
        )
        rates, limiter = limits or RateLimits(), RateLimiter(time.monotonic)
        self._messages = Messages(self.world)
        self._commands = Commands(self.world)
        self._interactions = Interactions(self.world, self._messages, self._commands)
        self.gateway = Gateway(
            self.world,
            self.voice,
            token=self.token,
            limits=rates,
            limiter=limiter,
            record=self.log.record,
            refused_intents=refused_intents,
        )
        threads = Threads(self.world, self._messages)
        desk = Desk(self.world, self._messages, threads, self._commands, self._interactions, lambda: self.gateway.url)
        self._rest = RestApi(desk, token=self.token, limits=rates, limiter=limiter, record=self.log.record)
        self._runner: web.AppRunner | None = None
        self._address = ""

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen; `env()` is valid afterwards."""
        app = web.Application(client_max_size=MAX_BODY)
        self._rest.install(app)
        app.router.add_get("/gateway/", self.gateway.serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self._address = f"{host}:{port}"
        self.gateway.url = f"ws://{self._address}/gateway/"
        self._messages.files_url = f"http://{self._address}"
        await self.voice.start()
        self.log.record("sandbox.start", address=self._address, voice=self.voice.endpoint)

    async def stop(self) -> None:
        """Close everything; may be called twice."""
        await self.gateway.stop()
        await self.voice.stop()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        self._folder.cleanup()

    def env(self) -> dict[str, str]:
        """What a bot's process needs: addresses, token, and the file of trusted roots."""
        if not self._address:
            raise SandboxError("start the sandbox first")
        return {
            "DISCORD_API_URL": f"http://{self._address}{API_PATH}",
            "DISCORD_GATEWAY_URL": self.gateway.url,
            "DISCORD_TOKEN": self.token,
            "SSL_CERT_FILE": str(self._certificate.bundle),
        }

    # reading

    @property
    def owner(self) -> User:
        """The guild's owner."""
        return self.world.owner

    @property
    def bot(self) -> User:
        """The bot's user."""
        return self.world.bot

    def messages(self, channel_id: int) -> list[Message]:
        """The messages of a channel or thread, oldest first."""
        return self._messages.all_in(channel_id)

    def threads(self) -> list[Thread]:
        """All threads, archived ones too, oldest first."""
        return sorted(self.world.guild.threads.values(), key=lambda each: each.created_at)

    def commands(self) -> list[str]:
        """The names of the commands that the bot has registered."""
        guild_id = self.world.guild.id
        return [each.name for scope in (guild_id, None) for each in self._commands.registered(scope)]

    async def ready(self, *, within: float = 10.0) -> None:
        """Wait until a bot is connected to the gateway and has registered its commands."""
        await self.log.wait("gateway.identify", within=within)
        await self.log.wait("commands.sync", within=within)

    async def wait_for_message(
        self,
        channel_id: int | None = None,
        *,
        where: Callable[[Message], bool] | None = None,
        after: int = 0,
        within: float = 10.0,
    ) -> Message:
        """The first message (in a channel or thread) that fulfils `where`, posted or edited at event `after` or later.

        Raises TimeoutError.
        """

        def message_of(event: Event) -> Message | None:
            place_id, number = event["channel_id"], event["message_id"]
            if not (isinstance(place_id, int) and isinstance(number, int)) or channel_id not in {None, place_id}:
                return None
            return self._messages.find(place_id, number)

        def fits(event: Event) -> bool:
            if event.kind not in {"message.create", "message.update"}:
                return False
            message = message_of(event)
            return message is not None and (where is None or where(message))

        found = message_of(await self.log.wait("message", where=fits, after=after, within=within))
        assert found is not None
        return found

    # what people do

    def slash(
        self,
        path: str,
        *,
        user: User | None = None,
        channel: Channel | Thread | None = None,
        options: Mapping[str, Value] | None = None,
    ) -> Interaction:
        """Somebody (the owner) runs `/path` in a channel (#general); options are typed by the registered definition.

        Raises SandboxError for what Discord would not let them do.
        """
        pending = self._interactions.slash((user or self.owner).id, channel or self.general, path, options or {})
        return Interaction(pending, self.log)

    def press(self, message: Message, custom_id: str, *, user: User | None = None, values: Sequence[str] = ()) -> Interaction:
        """Somebody (the owner) presses a button, or chooses from a menu, of a message of the bot."""
        return Interaction(self._interactions.press((user or self.owner).id, message, custom_id, values), self.log)

    def post(self, user: User, channel: Channel | Thread, content: str) -> Message:
        """Somebody writes a message."""
        return self._messages.post(user.id, channel, Draft(content=content))

    def delete_message(self, message: Message) -> None:
        """Somebody who may do so deletes a message."""
        self._messages.remove(message)

    async def join(self, user_id: int, channel_id: int) -> None:
        """Somebody comes into a voice channel, from another one or from outside. The bot itself can be moved, too."""
        before = self.world.guild.voice_states.get(user_id)
        if before is not None and before.channel_id == channel_id:
            return
        if user_id == self.bot.id:
            await self.gateway.admit(channel_id)
            return
        if before is not None:
            await self.voice.leave(user_id)
        self.world.set_voice(user_id, channel_id)
        await self.voice.join(channel_id, user_id)

    async def leave(self, user_id: int) -> None:
        """Somebody leaves voice. The bot itself can be thrown out, too."""
        if user_id == self.bot.id:
            await self.gateway.leave_voice()
        elif user_id in self.world.guild.voice_states:
            self.world.set_voice(user_id, None)
            await self.voice.leave(user_id)

    async def move(self, user_id: int, channel_id: int) -> None:
        """Somebody is moved to another voice channel."""
        await self.join(user_id, channel_id)

    async def speak(self, user_id: int, pcm: NDArray[np.int16], rate: int = 16_000) -> None:
        """Somebody says mono sound at 16 or 48 kHz, in real time; returns when they have finished."""
        await self.voice.say(user_id, pcm, rate)
