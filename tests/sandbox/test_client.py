"""discord.py against the sandbox: what a bot does all day."""

from __future__ import annotations

import asyncio
import io
from typing import TYPE_CHECKING, cast

import discord
import numpy as np
import pytest
from discord import app_commands

from sandbox.app import Sandbox
from sandbox.errors import SandboxError
from sandbox.limits import Rate, RateLimits
from sandbox.models import MessageKind
from sandbox.permissions import Permission
from sandbox.world import PRIVILEGED
from tests.sandbox.harness import PlainClient, SilentVoice, addresses, running, sandboxed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with sandboxed() as one:
        yield one


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[PlainClient]:
    async with running(PlainClient(), sandbox) as one:
        yield one


class TestLogin:
    async def test_sees_the_guild_with_channels_and_itself(self, client: PlainClient, sandbox: Sandbox) -> None:
        guild = client.guilds[0]

        assert guild.name == "Sandbox"
        assert [each.name for each in guild.channels] == ["general", "team", "Meeting room", "Lounge"]
        assert guild.me.display_name == "Minutes"
        assert (await client.application_info()).owner.id == sandbox.owner.id

    async def test_without_members_intent_only_people_in_voice_are_known(self, sandbox: Sandbox) -> None:
        alice, ben = sandbox.people["Alice"], sandbox.people["Ben"]
        await sandbox.join(alice.id, sandbox.meeting_room.id)

        async with running(PlainClient(), sandbox) as client:
            guild = client.guilds[0]
            assert guild.get_member(alice.id) is not None
            assert guild.get_member(ben.id) is None
            assert (await guild.fetch_member(ben.id)).display_name == "Ben"
            assert [each.display_name for each in await guild.query_members(user_ids=[ben.id])] == ["Ben"]

    async def test_members_intent_brings_everybody(self, sandbox: Sandbox) -> None:
        intents = discord.Intents.default()
        intents.members = True
        async with running(PlainClient(intents), sandbox) as client:
            names = {each.display_name for each in client.guilds[0].members}
            assert names == {"Olivia", "Minutes", "Alice", "Ben", "Carla", "Dan"}

    async def test_wrong_token_fails_over_rest(self, sandbox: Sandbox) -> None:
        async with PlainClient() as client:
            with pytest.raises(discord.LoginFailure):
                await client.login("wrong")

    async def test_intents_can_be_refused(self) -> None:
        intents = discord.Intents.default()
        intents.message_content = True
        async with Sandbox(voice=SilentVoice(), refused_intents=PRIVILEGED) as sandbox:
            for _ in addresses(sandbox):
                with pytest.raises(discord.PrivilegedIntentsRequired):
                    async with running(PlainClient(intents), sandbox):
                        pass

    async def test_wrong_token_closes_the_gateway_with_4004(self, sandbox: Sandbox) -> None:
        async with PlainClient() as client:
            await client.login(sandbox.token)
            client.http.token = "wrong"
            with pytest.raises(discord.ConnectionClosed) as caught:
                await client.connect()
        assert caught.value.code == 4004


class TestMessages:
    async def test_post_read_edit_delete(self, client: PlainClient, sandbox: Sandbox) -> None:
        channel = client.text(sandbox.general.id)
        message = await channel.send("one")
        assert (await channel.fetch_message(message.id)).content == "one"
        await message.edit(content="two")
        stored = sandbox.messages(sandbox.general.id)[0]
        assert (stored.content, stored.edits) == ("two", ["one"])
        await message.delete()
        assert sandbox.messages(sandbox.general.id) == []
        with pytest.raises(discord.NotFound) as caught:
            await channel.fetch_message(message.id)
        assert caught.value.code == 10008

    async def test_history_pages_in_both_directions(self, client: PlainClient, sandbox: Sandbox) -> None:
        posted = [sandbox.post(sandbox.owner, sandbox.general, f"n{number}") for number in range(130)]
        channel = client.text(sandbox.general.id)

        newest = [each.content async for each in channel.history(limit=120)]
        later = [each.content async for each in channel.history(limit=3, after=discord.Object(posted[4].id))]

        assert newest == [f"n{number}" for number in range(129, 9, -1)]
        assert later == ["n5", "n6", "n7"]

    async def test_files_come_back_as_they_were_sent(self, client: PlainClient, sandbox: Sandbox) -> None:
        file = discord.File(io.BytesIO("Grüße\n".encode()), filename="transcript.md", description="all of it")
        message = await client.text(sandbox.general.id).send("here", file=file)

        assert message.attachments[0].filename == "transcript.md"
        assert message.attachments[0].description == "all of it"
        assert await message.attachments[0].read() == "Grüße\n".encode()
        assert sandbox.messages(sandbox.general.id)[0].attachments[0].data == "Grüße\n".encode()

    @pytest.mark.parametrize(
        ("arguments", "status", "code"),
        [
            ({"content": "x" * 2001}, 400, 50035),
            ({"content": "   "}, 400, 50006),
            ({"embed": discord.Embed(description="x" * 4097)}, 400, 50035),
            ({"embeds": [discord.Embed(description="x" * 4000), discord.Embed(description="x" * 2001)]}, 400, 50035),
            ({"files": [discord.File(io.BytesIO(b"x"), filename=f"{n}.txt") for n in range(11)]}, 400, 50035),
            ({"file": discord.File(io.BytesIO(bytes(10 * 1024 * 1024 + 1)), filename="big.bin")}, 413, 40005),
        ],
        ids=["long", "blank", "long embed", "long embeds", "eleven files", "big file"],
    )
    async def test_limits_are_enforced(
        self, client: PlainClient, sandbox: Sandbox, arguments: dict[str, object], status: int, code: int
    ) -> None:
        send = cast("type[object]", client.text(sandbox.general.id).send)
        with pytest.raises(discord.HTTPException) as caught:
            await send(**arguments)  # type: ignore[misc]
        assert (caught.value.status, caught.value.code) == (status, code)
        assert sandbox.messages(sandbox.general.id) == []

    async def test_two_thousand_characters_fit(self, client: PlainClient, sandbox: Sandbox) -> None:
        await client.text(sandbox.general.id).send("ß" * 2000)
        assert len(sandbox.messages(sandbox.general.id)[0].content) == 2000

    async def test_same_nonce_twice_is_one_message(self, client: PlainClient, sandbox: Sandbox) -> None:
        channel = client.text(sandbox.general.id)
        first = await channel.send("once", nonce="key-1")
        again = await channel.send("once", nonce="key-1")
        other = await channel.send("twice", nonce="key-2")

        assert first.id == again.id != other.id
        assert [each.content for each in sandbox.messages(sandbox.general.id)] == ["once", "twice"]

    async def test_mentions_notify_only_whom_they_may(self, client: PlainClient, sandbox: Sandbox) -> None:
        text = f"@everyone <@{sandbox.people['Ben'].id}>"
        channel = client.text(sandbox.general.id)
        loud = await channel.send(text)
        quiet = await channel.send(text, allowed_mentions=discord.AllowedMentions.none())

        assert [each.id for each in loud.mentions] == [sandbox.people["Ben"].id]
        assert not loud.mention_everyone
        assert quiet.mentions == []
        assert sandbox.messages(sandbox.general.id)[1].allowed_mentions == {"parse": []}

    async def test_voice_channels_have_a_chat(self, client: PlainClient, sandbox: Sandbox) -> None:
        room = client.get_channel(sandbox.meeting_room.id)
        assert isinstance(room, discord.VoiceChannel)
        await room.send("I listen.")
        assert sandbox.messages(sandbox.meeting_room.id)[0].content == "I listen."

    async def test_content_of_others_needs_the_intent(self, client: PlainClient, sandbox: Sandbox) -> None:
        sandbox.post(sandbox.owner, sandbox.general, "secret")
        sandbox.post(sandbox.owner, sandbox.general, f"hey <@{sandbox.bot.id}>")
        first, second = [await asyncio.wait_for(client.received.get(), 5) for _ in range(2)]
        assert (first.content, second.content) == ("", f"hey <@{sandbox.bot.id}>")


class TestPermissions:
    @pytest.mark.parametrize(
        ("denied", "code"), [(Permission.SEND_MESSAGES, 50013), (Permission.VIEW_CHANNEL, 50001)], ids=["send", "view"]
    )
    async def test_missing_permission_is_refused(
        self, client: PlainClient, sandbox: Sandbox, denied: Permission, code: int
    ) -> None:
        channel = client.text(sandbox.general.id)
        sandbox.world.overwrite(sandbox.general, sandbox.world.bot_role.id, deny=denied)
        with pytest.raises(discord.Forbidden) as caught:
            await channel.send("hello")
        assert caught.value.code == code

    async def test_files_and_threads_have_permissions_of_their_own(self, client: PlainClient, sandbox: Sandbox) -> None:
        channel = client.text(sandbox.general.id)
        denied = Permission.ATTACH_FILES | Permission.CREATE_PUBLIC_THREADS
        sandbox.world.overwrite(sandbox.general, sandbox.bot.id, deny=denied)
        await channel.send("still fine")
        with pytest.raises(discord.Forbidden):
            await channel.send(file=discord.File(io.BytesIO(b"x"), filename="x.txt"))
        with pytest.raises(discord.Forbidden):
            await channel.create_thread(name="T", type=discord.ChannelType.public_thread)

    async def test_roles_can_be_changed(self, client: PlainClient, sandbox: Sandbox) -> None:
        world = sandbox.world
        world.grant(world.guild.roles[world.guild.id], Permission.VIEW_CHANNEL)
        with pytest.raises(discord.Forbidden):
            await client.text(sandbox.general.id).send("not any more")
        world.grant(world.bot_role, Permission.SEND_MESSAGES)
        await client.text(sandbox.general.id).send("again")

    async def test_both_sides_compute_the_same(self, client: PlainClient, sandbox: Sandbox) -> None:
        world = sandbox.world
        world.overwrite(sandbox.team, world.guild.id, deny=Permission.SEND_MESSAGES | Permission.CONNECT)
        world.overwrite(sandbox.team, world.bot_role.id, allow=Permission.SEND_MESSAGES, deny=Permission.ATTACH_FILES)
        world.overwrite(sandbox.general, sandbox.bot.id, deny=Permission.SEND_MESSAGES)
        await client.text(sandbox.team.id).send("so that all updates have come")
        await asyncio.wait_for(client.received.get(), 5)
        known = sum(Permission)
        for channel in client.guilds[0].channels:
            theirs = channel.permissions_for(client.guilds[0].me).value & known
            ours = int(world.permissions(sandbox.bot.id, world.place(channel.id)))
            if isinstance(channel, discord.TextChannel):
                ours &= ~discord.Permissions.voice().value  # discord.py hides what has no meaning there
            assert theirs == ours, channel.name


class TestThreads:
    async def test_start_from_channel_post_and_archive(self, client: PlainClient, sandbox: Sandbox) -> None:
        channel = client.text(sandbox.general.id)
        thread = await channel.create_thread(name="Weekly", type=discord.ChannelType.public_thread)
        await thread.send("first line")
        await thread.edit(archived=True)

        stored = sandbox.threads()[0]
        assert (stored.name, stored.parent_id, stored.archived) == ("Weekly", sandbox.general.id, True)
        assert sandbox.messages(sandbox.general.id)[0].kind is MessageKind.THREAD_CREATED
        with pytest.raises(discord.HTTPException) as caught:
            await thread.edit(name="other")
        assert caught.value.code == 50083
        await thread.send("posting opens it again")
        assert not stored.archived

    async def test_start_from_message_gets_its_id(self, client: PlainClient, sandbox: Sandbox) -> None:
        message = await client.text(sandbox.general.id).send("Meeting begins")
        thread = await message.create_thread(name="Notes", auto_archive_duration=60)
        assert thread.id == message.id
        with pytest.raises(discord.HTTPException) as caught:
            await message.create_thread(name="Again")
        assert caught.value.code == 160004

    async def test_the_client_knows_new_threads_and_may_join_others(self, client: PlainClient, sandbox: Sandbox) -> None:
        message = sandbox.post(sandbox.owner, sandbox.general, "talk here")
        partial = client.text(sandbox.general.id).get_partial_message(message.id)
        thread = await partial.create_thread(name="Theirs")
        await thread.add_user(discord.Object(sandbox.people["Ben"].id))
        await thread.leave()
        await thread.join()
        assert {each.id for each in await thread.fetch_members()} == {sandbox.people["Ben"].id, sandbox.bot.id}

    async def test_voice_channels_have_no_threads(self, client: PlainClient, sandbox: Sandbox) -> None:
        with pytest.raises(discord.HTTPException) as caught:
            await client.http.start_thread_without_message(sandbox.meeting_room.id, name="T", auto_archive_duration=60, type=11)
        assert caught.value.code == 50024

    async def test_a_deleted_thread_is_unknown(self, client: PlainClient, sandbox: Sandbox) -> None:
        thread = await client.text(sandbox.general.id).create_thread(name="T", type=discord.ChannelType.public_thread)
        message = await thread.send("first")
        sandbox.delete_message(sandbox.messages(thread.id)[0])
        with pytest.raises(discord.NotFound) as caught:
            await message.edit(content="second")
        assert caught.value.code == 10008
        sandbox.world.delete_channel(sandbox.general)
        with pytest.raises(discord.NotFound) as caught:
            await thread.send("second")
        assert caught.value.code == 10003

    async def test_locked_thread_refuses(self, client: PlainClient, sandbox: Sandbox) -> None:
        thread = await client.text(sandbox.general.id).create_thread(name="T", type=discord.ChannelType.public_thread)
        stored = sandbox.threads()[0]
        stored.locked = stored.archived = True
        with pytest.raises(discord.Forbidden):
            await thread.send("too late")


class TestRateLimits:
    async def test_discord_py_paces_itself_by_the_headers(self) -> None:
        limits = RateLimits(send=Rate(5, 0.4))
        async with sandboxed(limits) as sandbox, running(PlainClient(), sandbox) as client:
            channel = client.text(sandbox.general.id)
            await asyncio.gather(*(channel.send(f"n{number}") for number in range(12)))
            assert len(sandbox.messages(sandbox.general.id)) == 12
            sent = [each.at for each in sandbox.log.of("message.create")]
            assert sent[-1] - sent[0] >= 0.7

    async def test_429_is_waited_out(self) -> None:
        limits = RateLimits(everything=Rate(4, 0.5), send=Rate(50, 0.5))
        async with sandboxed(limits) as sandbox, running(PlainClient(), sandbox) as client:
            channels = [client.text(sandbox.general.id), client.text(sandbox.team.id)]
            await asyncio.gather(*(channels[number % 2].send(f"n{number}") for number in range(8)))
            refused = [each for each in sandbox.log.of("rest.request") if each["status"] == 429]
            posted = sandbox.messages(sandbox.general.id) + sandbox.messages(sandbox.team.id)
            assert refused
            assert {each.content for each in posted} == {f"n{number}" for number in range(8)}


class TestGateway:
    async def test_resumes_after_a_cut_and_misses_nothing(self, client: PlainClient, sandbox: Sandbox) -> None:
        await sandbox.gateway.drop()
        await sandbox.log.wait("gateway.close")
        sandbox.post(sandbox.owner, sandbox.general, f"<@{sandbox.bot.id}> while you were away")
        await asyncio.wait_for(client.resumed.wait(), 20)
        message = await asyncio.wait_for(client.received.get(), 5)
        assert message.content.endswith("while you were away")
        assert len(sandbox.log.of("gateway.identify")) == 1

    async def test_reconnects_when_asked(self, client: PlainClient, sandbox: Sandbox) -> None:
        sandbox.gateway.ask_to_reconnect()
        await asyncio.wait_for(client.resumed.wait(), 20)

    async def test_identifies_again_when_the_session_is_forgotten(self, client: PlainClient, sandbox: Sandbox) -> None:
        await sandbox.gateway.drop(code=4000, forget=True)
        refused = await sandbox.log.wait("gateway.resume_refused", within=20)
        again = await sandbox.log.wait("gateway.identify", after=sandbox.log.events.index(refused), within=20)
        assert again["intents"] == discord.Intents.default().value

    async def test_voice_states_are_told(self, client: PlainClient, sandbox: Sandbox) -> None:
        alice = sandbox.people["Alice"]
        told: asyncio.Queue[tuple[str | None, ...]] = asyncio.Queue()

        @client.event
        async def on_voice_state_update(member: discord.Member, before: discord.VoiceState, after: discord.VoiceState) -> None:
            told.put_nowait(tuple(each.channel.name if each.channel else None for each in (before, after)))

        await sandbox.join(alice.id, sandbox.meeting_room.id)
        assert await asyncio.wait_for(told.get(), 5) == (None, "Meeting room")
        await sandbox.move(alice.id, sandbox.lounge.id)
        assert await asyncio.wait_for(told.get(), 5) == ("Meeting room", "Lounge")
        await sandbox.leave(alice.id)
        assert await asyncio.wait_for(told.get(), 5) == ("Lounge", None)
        assert isinstance(sandbox.voice, SilentVoice)
        await sandbox.speak(alice.id, np.zeros(160, np.int16))
        assert [each[0] for each in sandbox.voice.asked] == ["join", "leave", "join", "leave", "say"]

    async def test_op_4_admits_the_bot_to_voice(self, client: PlainClient, sandbox: Sandbox) -> None:
        guild = client.guilds[0]
        await guild.change_voice_state(channel=discord.Object(sandbox.meeting_room.id), self_deaf=False)
        await sandbox.log.wait("world.voice")
        assert isinstance(sandbox.voice, SilentVoice)
        assert [each[:3] for each in sandbox.voice.asked] == [("admit", sandbox.meeting_room.id, sandbox.bot.id)]
        await sandbox.leave(sandbox.bot.id)
        assert sandbox.voice.asked[-1] == ("dismiss", sandbox.bot.id)

    async def test_op_4_without_connect_is_not_answered(self, client: PlainClient, sandbox: Sandbox) -> None:
        sandbox.world.overwrite(sandbox.meeting_room, sandbox.bot.id, deny=Permission.CONNECT)
        await client.guilds[0].change_voice_state(channel=discord.Object(sandbox.meeting_room.id))
        refused = await sandbox.log.wait("gateway.voice_state")
        assert refused["refusal"] == "missing permission"
        assert isinstance(sandbox.voice, SilentVoice)
        assert sandbox.voice.asked == []


class Prompt(discord.ui.View):
    """One button that changes its message."""

    @discord.ui.button(label="Do not record me", custom_id="object")
    async def object(self, interaction: discord.Interaction, button: discord.ui.Button[Prompt]) -> None:
        button.disabled = True
        await interaction.response.edit_message(content=f"{interaction.user.display_name} objects", view=self)


class TestInteractions:
    @pytest.fixture
    async def commanded(self, client: PlainClient, sandbox: Sandbox) -> PlainClient:
        meeting = app_commands.Group(name="meeting", description="Meetings")

        @meeting.command(name="start", description="Begin")
        async def start(
            interaction: discord.Interaction, channel: discord.VoiceChannel, title: str = "untitled", count: int = 1
        ) -> None:
            await interaction.response.defer(ephemeral=True, thinking=True)
            await interaction.followup.send(f"{interaction.user.display_name}: {channel.name}, {title}, {count}")
            await interaction.followup.send("for everybody", ephemeral=False)
            await interaction.edit_original_response(content="edited")

        @meeting.command(name="status", description="How it goes")
        async def status(interaction: discord.Interaction) -> None:
            callback = await interaction.response.send_message(
                f"may send: {interaction.app_permissions.send_messages}", ephemeral=True
            )
            assert isinstance(callback.resource, discord.InteractionMessage)
            assert callback.resource.flags.ephemeral

        @meeting.command(name="ask", description="Ask everybody")
        async def ask(interaction: discord.Interaction) -> None:
            await interaction.response.send_message("May I?", view=Prompt())

        @app_commands.command(name="purge", description="Only for managers")
        @app_commands.default_permissions(manage_guild=True)
        async def purge(interaction: discord.Interaction) -> None:
            await interaction.response.send_message("gone")

        client.tree.add_command(meeting)
        client.tree.add_command(purge)
        synced = await client.tree.sync()
        assert [each.name for each in synced] == sandbox.commands() == ["meeting", "purge"]
        assert {each.name for each in await client.tree.fetch_commands()} == {"meeting", "purge"}
        return client

    async def test_deferred_with_options_of_several_types(self, commanded: PlainClient, sandbox: Sandbox) -> None:
        run = sandbox.slash(
            "meeting start",
            user=sandbox.people["Ben"],
            options={"channel": sandbox.meeting_room.id, "title": "Weekly", "count": 3},
        )
        reply = await run.reply()
        followup = await run.followup()
        await sandbox.log.wait("interaction.edit", where=lambda event: event["content"] == "edited")

        assert (reply.content, reply.ephemeral) == ("Ben: Meeting room, Weekly, 3", True)
        assert (followup.content, followup.ephemeral) == ("for everybody", False)
        assert run.edits == ["Ben: Meeting room, Weekly, 3"]
        assert [each.content for each in sandbox.messages(sandbox.general.id)] == ["for everybody"]

    async def test_answer_tells_the_permissions_of_the_place(self, commanded: PlainClient, sandbox: Sandbox) -> None:
        assert (await sandbox.slash("meeting status").reply()).content == "may send: True"
        sandbox.world.overwrite(sandbox.general, sandbox.bot.id, deny=Permission.SEND_MESSAGES)
        assert (await sandbox.slash("meeting status").reply()).content == "may send: False"

    async def test_button_changes_its_message(self, commanded: PlainClient, sandbox: Sandbox) -> None:
        asked = await sandbox.slash("meeting ask").reply()
        assert asked.buttons() == {"Do not record me": "object"}

        reply = await sandbox.press(asked.message, "object", user=sandbox.people["Dan"]).reply()

        assert reply.content == "Dan objects"
        assert [each.content for each in sandbox.messages(sandbox.general.id)] == ["Dan objects"]
        with pytest.raises(SandboxError, match="no enabled component"):
            sandbox.press(asked.message, "object")

    async def test_what_discord_would_not_send_is_an_error(self, commanded: PlainClient, sandbox: Sandbox) -> None:
        room = sandbox.meeting_room.id
        with pytest.raises(SandboxError, match="no command /meeting pause"):
            sandbox.slash("meeting pause")
        with pytest.raises(SandboxError, match="missing options"):
            sandbox.slash("meeting start")
        with pytest.raises(SandboxError, match="not a channel of types"):
            sandbox.slash("meeting start", options={"channel": sandbox.general.id})
        with pytest.raises(SandboxError, match="does not fit type INTEGER"):
            sandbox.slash("meeting start", options={"channel": room, "count": "three"})
        with pytest.raises(SandboxError, match="permissions are missing"):
            sandbox.slash("purge", user=sandbox.people["Ben"])

    async def test_commands_work_where_the_bot_may_not_write(self, commanded: PlainClient, sandbox: Sandbox) -> None:
        sandbox.world.overwrite(sandbox.team, sandbox.bot.id, deny=Permission.VIEW_CHANNEL)
        assert (await sandbox.slash("purge", channel=sandbox.team).reply()).content == "gone"
