from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.errors import PostError
from sandbox.permissions import Permission

if TYPE_CHECKING:
    from sandbox.models import Message
    from tests.cogs.conftest import Guild


async def test_a_meeting_from_start_to_summary(guild: Guild) -> None:
    sandbox = guild.sandbox
    reply = await (await guild.start(title="Weekly sync")).reply()
    [thread] = sandbox.threads()

    assert reply.ephemeral
    assert str(thread.id) in reply.content
    assert thread.name == "Weekly sync"
    assert thread.parent_id == sandbox.general.id
    notice = await sandbox.wait_for_message(sandbox.meeting_room.id)
    assert "/privacy object" in notice.content
    assert str(thread.id) in notice.content

    alice = sandbox.people["Alice"]
    guild.engine.say(alice.id, "Alice", "I will write *all* the notes, @everyone.")
    line = await sandbox.wait_for_message(thread.id, where=lambda message: "notes" in message.content)
    assert line.content.startswith("**Alice** `0:")
    assert "I will write \\*all\\* the notes, @\u200beveryone." in line.content

    stopped = await sandbox.slash("meeting stop", user=alice).reply(within=10)
    assert "ended" in stopped.content
    last = sandbox.messages(thread.id)[-1]
    assert "### Action items\n- **Alice** will write the notes." in last.content
    assert f"/{thread.id}/{line.id})" in last.content
    assert "stopped by Alice" in last.content
    assert [attachment.filename for attachment in last.attachments] == ["transcript.md"]


async def test_the_team_channel_gets_what_is_to_be_done(guild: Guild) -> None:
    sandbox = guild.sandbox
    await sandbox.slash("settings team-channel", options={"channel": sandbox.team.id}).reply()
    await (await guild.start()).reply()
    await sandbox.slash("meeting stop").reply(within=10)
    told = await sandbox.wait_for_message(sandbox.team.id)

    assert "will write the notes" in told.content
    assert f"/{sandbox.threads()[0].id})" in told.content


async def test_a_meeting_has_a_language_of_its_own(guild: Guild) -> None:
    await guild.storage.guilds.set_language(guild.sandbox.world.guild.id, "de")
    await (await guild.start(language="pt-BR")).reply()
    assert guild.engine.languages == ["pt-BR"]


async def refusal(guild: Guild, **options: str) -> Message:
    reply = await (await guild.start(**options)).reply()
    assert reply.ephemeral
    assert "\n" not in reply.content
    assert guild.sandbox.threads() == []
    return reply.message


async def test_without_a_voice_channel(guild: Guild) -> None:
    reply = await guild.sandbox.slash("meeting start").reply()

    assert reply.ephemeral
    assert reply.content.startswith("Join a voice channel first, or name one")


async def test_with_a_named_channel_nobody_has_to_be_in_it(guild: Guild) -> None:
    channel = guild.sandbox.lounge
    await guild.sandbox.slash("meeting start", options={"channel": channel.id}).reply()

    assert guild.listeners[0].channel.id == channel.id
    assert guild.sandbox.threads()[0].name == "Lounge"


@pytest.mark.parametrize(
    ("where", "denied", "label"),
    [
        ("meeting_room", Permission.CONNECT, '"Connect" in the voice channel Meeting room'),
        ("meeting_room", Permission.SEND_MESSAGES, '"Send Messages" in the voice channel Meeting room'),
        ("general", Permission.CREATE_PUBLIC_THREADS, '"Create Public Threads" in #general'),
        ("general", Permission.SEND_MESSAGES_IN_THREADS, '"Send Messages in Threads" in #general'),
        ("general", Permission.ATTACH_FILES, '"Attach Files" in #general'),
    ],
)
async def test_a_missing_permission_is_named(guild: Guild, where: str, denied: Permission, label: str) -> None:
    channel = getattr(guild.sandbox, where)
    guild.sandbox.world.overwrite(channel, guild.sandbox.bot.id, deny=denied)
    await guild.come_in()
    reply = await refusal(guild)

    assert f"I lack the permission {label}." in reply.content


async def test_two_missing_permissions_are_both_named(guild: Guild) -> None:
    denied = Permission.ATTACH_FILES | Permission.CREATE_PUBLIC_THREADS
    guild.sandbox.world.overwrite(guild.sandbox.general, guild.sandbox.bot.id, deny=denied)
    await guild.come_in()

    assert 'permissions "Create Public Threads" and "Attach Files" in #general' in (await refusal(guild)).content


async def test_nobody_listens_where_they_may_not_go_themselves(guild: Guild) -> None:
    sandbox = guild.sandbox
    sandbox.world.overwrite(sandbox.lounge, sandbox.people["Ben"].id, deny=Permission.CONNECT)
    reply = await sandbox.slash("meeting start", user=sandbox.people["Ben"], options={"channel": sandbox.lounge.id}).reply()

    assert "You may not join Lounge yourself" in reply.content
    assert guild.listeners == []


async def test_twice(guild: Guild) -> None:
    await (await guild.start()).reply()
    reply = await (await guild.start()).reply()

    assert reply.ephemeral
    assert "already runs" in reply.content
    assert len(guild.sandbox.threads()) == 1


async def test_with_the_engine_down(guild: Guild) -> None:
    guild.engine.down = True

    assert "speech engine does not answer" in (await refusal(guild)).content


@pytest.mark.parametrize("command", ["meeting stop", "meeting status"])
async def test_nothing_to_stop_or_show(guild: Guild, command: str) -> None:
    reply = await guild.sandbox.slash(command).reply()

    assert reply.ephemeral
    assert "No meeting runs in this server" in reply.content


async def test_status_shows_hearing_and_engine(guild: Guild) -> None:
    await (await guild.start(title="Weekly *sync*")).reply()
    reply = await guild.sandbox.slash("meeting status").reply()

    assert reply.ephemeral
    assert "**Weekly \\*sync\\*** · listening for 0:0" in reply.content
    assert "✅ Hearing: connected" in reply.content
    assert "✅ Engine: ready, nothing was said yet" in reply.content
    assert "1 person here · 0 lines · 0 words" in reply.content
    assert str(guild.sandbox.threads()[0].id) in reply.content


async def test_a_meeting_in_a_hidden_channel_is_not_shown(guild: Guild) -> None:
    await (await guild.start()).reply()
    ben = guild.sandbox.people["Ben"]
    guild.sandbox.world.overwrite(guild.sandbox.meeting_room, ben.id, deny=Permission.VIEW_CHANNEL)
    reply = await guild.sandbox.slash("meeting status", user=ben).reply()

    assert reply.content == "No meeting runs that you can see."


async def test_in_a_thread_the_new_thread_opens_beside_it(guild: Guild) -> None:
    sandbox = guild.sandbox
    await (await guild.start(title="First")).reply()
    await sandbox.slash("meeting stop").reply(within=10)
    await sandbox.slash(
        "meeting start", user=sandbox.people["Alice"], channel=sandbox.threads()[0], options={"title": "Second"}
    ).reply()

    assert [(thread.name, thread.parent_id) for thread in sandbox.threads()] == [
        ("First", sandbox.general.id),
        ("Second", sandbox.general.id),
    ]


async def test_in_a_voice_channels_chat_the_transcript_goes_there(guild: Guild) -> None:
    sandbox = guild.sandbox
    await guild.come_in()
    alice = sandbox.people["Alice"]
    await sandbox.slash("meeting start", user=alice, channel=sandbox.meeting_room).reply()
    guild.engine.say(alice.id, "Alice", "Hello there.")

    await sandbox.wait_for_message(sandbox.meeting_room.id, where=lambda message: "Hello there." in message.content)
    assert sandbox.threads() == []


async def test_what_nobody_foresaw_is_one_sentence_too(guild: Guild, caplog: pytest.LogCaptureFixture) -> None:
    async def broken(channel: object, refused: object) -> None:
        raise RuntimeError("a bug")

    guild.join = broken  # type: ignore[assignment, method-assign] # a listener that breaks
    reply = await (await guild.start()).reply()

    assert reply.content == "Something went wrong on my side; whoever runs me finds the reason in my log."
    assert any("a bug" in (record.exc_text or "") for record in caplog.records)


async def test_a_thread_deleted_in_the_middle_is_told_in_the_voice_channel(guild: Guild) -> None:
    sandbox = guild.sandbox
    await (await guild.start()).reply()
    sandbox.world.delete_channel(sandbox.threads()[0])
    guild.engine.say(sandbox.people["Alice"].id, "Alice", "Hello?")
    told = await sandbox.wait_for_message(sandbox.meeting_room.id, where=lambda message: "was deleted" in message.content)

    assert "No more lines can be posted" in told.content


async def test_discord_errors_of_a_message_can_be_tried_again(guild: Guild) -> None:
    thread = await guild.service._directory.thread(guild.sandbox.general.id)
    assert thread is not None
    with pytest.raises(PostError):
        await thread.send("x" * 2001, key="k")
