"""Discord's side of publishing, against a simulated Discord that enforces limits and permissions."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import aiohttp
import discord
import pytest

from bot.client import MeetingBot
from bot.errors import PlaceGone, PostError, PostRefused
from bot.meetings.ports import Attachment
from bot.publish.room import DiscordDirectory, DiscordRoom
from bot.publish.thread import post_error
from bot.storage.storage import Storage
from sandbox.permissions import Permission
from tests.bot.connected import connected
from tests.sandbox.harness import sandboxed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection
    from pathlib import Path

    from aiohttp import ClientResponse

    from bot.meetings.ports import Listener
    from bot.publish.room import Vocal
    from sandbox.app import Sandbox


async def nobody_listens(channel: Vocal, refused: Collection[int]) -> Listener:
    raise AssertionError(channel)


class World:
    def __init__(self, sandbox: Sandbox, bot: MeetingBot, storage: Storage) -> None:
        self.sandbox = sandbox
        self.bot = bot
        self.storage = storage
        self.directory = DiscordDirectory(bot, join=nobody_listens, guilds=storage.guilds)

    async def room(self) -> DiscordRoom:
        voice = self.bot.get_channel(self.sandbox.meeting_room.id)
        text = self.bot.get_channel(self.sandbox.general.id)
        assert isinstance(voice, discord.VoiceChannel)
        assert isinstance(text, discord.TextChannel)
        return self.directory.make(voice, text)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with sandboxed() as sandbox:
        storage = await Storage.open(tmp_path)
        bot = MeetingBot()
        async with connected(bot, sandbox):
            yield World(sandbox, bot, storage)
        await storage.close()


async def test_the_same_key_is_the_same_message(world: World) -> None:
    thread = await (await world.room()).open_thread("Weekly sync")
    first = await thread.send("Hello.", key="a" * 25)
    again = await thread.send("Hello.", key="a" * 25)

    assert first == again
    assert [message.content for message in world.sandbox.messages(thread.thread_id) if message.content] == ["Hello."]
    assert first.url.endswith(f"/{thread.thread_id}/{first.message_id}")


async def test_messages_notify_nobody_and_show_no_previews(world: World) -> None:
    thread = await (await world.room()).open_thread("Weekly sync")
    post = await thread.send(f"@everyone <@{world.sandbox.people['Ben'].id}> https://example.org", key="k")
    [message] = [each for each in world.sandbox.messages(thread.thread_id) if each.id == post.message_id]

    assert not message.mention_everyone
    assert list(message.mentions) == []
    assert message.flags & discord.MessageFlags.suppress_embeds.flag


async def test_files_go_with_the_message(world: World) -> None:
    thread = await (await world.room()).open_thread("Weekly sync")
    await thread.send("The transcript:", key="k", files=[Attachment("transcript.md", b"# Weekly sync\n")])

    [file] = world.sandbox.messages(thread.thread_id)[-1].attachments
    assert (file.filename, file.data) == ("transcript.md", b"# Weekly sync\n")


async def test_the_newest_messages_of_the_bot_come_first(world: World) -> None:
    thread = await (await world.room()).open_thread("Weekly sync")
    for number in range(4):
        await thread.send(f"Line {number}", key=f"k{number}")
    [place] = world.sandbox.threads()
    world.sandbox.post(world.sandbox.people["Ben"], place, "A person's remark")

    assert [post.content for post in await thread.recent(3)] == ["Line 3", "Line 2", "Line 1"]


async def test_an_archived_thread_wakes_up(world: World) -> None:
    thread = await (await world.room()).open_thread("Weekly sync")
    world.sandbox.threads()[0].archived = True
    await thread.send("Still here.", key="k")

    assert not world.sandbox.threads()[0].archived
    assert (await thread.recent(1))[0].content == "Still here."


async def test_a_deleted_thread_is_gone(world: World) -> None:
    thread = await (await world.room()).open_thread("Weekly sync")
    world.sandbox.world.delete_channel(world.sandbox.threads()[0])

    with pytest.raises(PlaceGone, match="#Weekly sync was deleted"):
        await thread.send("Hello?", key="k")
    with pytest.raises(PlaceGone):
        await thread.recent(1)
    assert await world.directory.thread(thread.thread_id) is None


async def test_a_permission_taken_away_in_the_middle_is_named(world: World) -> None:
    thread = await (await world.room()).open_thread("Weekly sync")
    denied = Permission.SEND_MESSAGES_IN_THREADS
    world.sandbox.world.overwrite(world.sandbox.general, world.sandbox.bot.id, deny=denied)

    with pytest.raises(PlaceGone, match="does not let me write in #Weekly sync"):
        await thread.send("Hello?", key="k")


async def test_threads_and_rooms_are_found_again_after_a_restart(world: World) -> None:
    thread = await (await world.room()).open_thread("Weekly sync")
    await thread.send("Before.", key="k")
    world.sandbox.threads()[0].archived = True

    async with connected(MeetingBot(), world.sandbox):
        found = await world.directory.thread(thread.thread_id)
        assert found is not None
        assert [post.content for post in await found.recent(5)] == ["Before."]
        room = await world.directory.room(world.sandbox.world.guild.id, world.sandbox.meeting_room.id)
        assert room is not None
        assert room.channel_name == "Meeting room"
        assert await world.directory.room(1, 2) is None
        assert await world.directory.thread(3) is None


async def test_somebody_who_left_keeps_their_name(world: World) -> None:
    room, alice = await world.room(), world.sandbox.people["Alice"]
    await world.sandbox.join(alice.id, world.sandbox.meeting_room.id)
    await world.bot.wait_for("voice_state_update", timeout=5)
    assert room.name_of(alice.id) == "Alice"
    await world.sandbox.leave(alice.id)
    await world.bot.wait_for("voice_state_update", timeout=5)

    assert room.name_of(alice.id) == "Alice"
    assert room.name_of(123456) == "Member 3456"


async def test_a_team_channel_that_was_deleted_is_none(world: World) -> None:
    room, guild_id = await world.room(), world.sandbox.world.guild.id
    assert await room.team_channel() is None
    await world.storage.guilds.set_team_channel(guild_id, world.sandbox.team.id)
    team = await room.team_channel()
    assert team is not None
    assert team.thread_id == world.sandbox.team.id

    await world.storage.guilds.set_team_channel(guild_id, 42)
    assert await room.team_channel() is None


async def test_two_notices_in_a_row_are_two(world: World) -> None:
    room = await world.room()
    await room.notice("I am listening.")
    await room.notice("I am listening.")

    assert len(world.sandbox.messages(world.sandbox.meeting_room.id)) == 2


def http_error(kind: type[discord.HTTPException], status: int, code: int) -> discord.HTTPException:
    answer = SimpleNamespace(status=status, reason="")
    return kind(cast("ClientResponse", answer), {"code": code, "message": "a reason"})


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (http_error(discord.NotFound, 404, 10003), PlaceGone),
        (http_error(discord.Forbidden, 403, 50013), PlaceGone),
        (http_error(discord.Forbidden, 403, 160005), PlaceGone),
        (http_error(discord.HTTPException, 400, 160005), PlaceGone),
        (http_error(discord.HTTPException, 400, 50035), PostRefused),
        (http_error(discord.HTTPException, 413, 40005), PostRefused),
        (http_error(discord.DiscordServerError, 503, 0), PostError),
        (http_error(discord.HTTPException, 401, 0), PostError),
        (http_error(discord.HTTPException, 429, 0), PostError),
        (discord.RateLimited(3.5), PostError),
        (aiohttp.ServerDisconnectedError(), PostError),
        (ConnectionResetError(), PostError),
        (TimeoutError(), PostError),
    ],
)
def test_failures_are_told_apart(failure: Exception, expected: type[PostError]) -> None:
    error = post_error(failure, "weekly-sync")

    assert type(error) is expected
    assert str(error).endswith(".")
    assert error.retry_after == (3.5 if isinstance(failure, discord.RateLimited) else 0.0)
