"""People correct items: the real client presses and answers, across a restart of the bot."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

from bot.client import MeetingBot
from bot.clock import SystemClock
from bot.publish.corrections import Corrections as CorrectionService
from bot.publish.corrections import examples
from bot.publish.menus import MENU_ID
from cogs.corrections import ITEMS, Corrections
from sandbox import body as read
from sandbox.permissions import Permission
from tests.bot.connected import connected

if TYPE_CHECKING:
    from sandbox.models import Message, User
    from sandbox.replies import Reply
    from tests.cogs.conftest import Guild

LINE = "- **Alice** will write the notes."


async def summary(guild: Guild) -> Message:
    """A meeting in which Alice and Ben speak, its item on the message that is given."""
    await guild.come_in("Alice")
    await guild.come_in("Ben")
    await (await guild.start(title="Weekly sync")).reply()
    [thread] = guild.sandbox.threads()
    for name, text in (("Alice", "I will write the notes."), ("Ben", "Thank you.")):
        guild.engine.say(guild.sandbox.people[name].id, name, text)
        await guild.sandbox.wait_for_message(thread.id, where=partial(says, text))
    await guild.sandbox.slash("meeting stop", user=guild.sandbox.people["Alice"]).reply(within=10)
    return next(message for message in guild.sandbox.messages(thread.id) if LINE in message.content)


def says(text: str, message: Message) -> bool:
    return text in message.content


def number_of(message: Message) -> str:
    """What the menu's only choice stands for."""
    [row] = message.components
    [menu] = read.things(row, "components")
    [option] = read.things(menu, "options")
    assert option["label"] == "Alice will write the notes."
    return str(option["value"])


async def chosen(guild: Guild, message: Message, who: User) -> Reply:
    """Somebody chooses the item in the menu."""
    return await guild.sandbox.press(message, MENU_ID, user=who, values=[number_of(message)]).reply()


async def pressed(guild: Guild, message: Message, who: User, label: str, *values: str) -> str:
    """They say what is wrong with it; the answer that they see."""
    offer = await chosen(guild, message, who)
    assert offer.ephemeral
    press = guild.sandbox.press(offer.message, offer.buttons()[label], user=who, values=values)
    edited = await guild.sandbox.log.wait("interaction.edit", where=lambda event: event["interaction_id"] == press.id, within=5)
    return str(edited["content"])


async def test_an_item_is_done_is_somebody_elses_is_none_and_all_of_it_can_be_taken_back(guild: Guild) -> None:
    message, alice, ben = await summary(guild), guild.sandbox.people["Alice"], guild.sandbox.people["Ben"]
    before = message.content

    assert "✅ done" in await pressed(guild, message, alice, "Done")
    assert "- ~~**Alice** will write the notes.~~ · ✅ done · [0:" in message.content
    assert "### Action items\n- ~~" in message.content

    await pressed(guild, message, ben, "Somebody else does it", str(ben.id))
    assert "- **Alice** will write the notes. · now **Ben** · [0:" in message.content

    await pressed(guild, message, ben, "Not an item")
    assert "- ~~**Alice** will write the notes.~~ · not an item · [0:" in message.content
    assert message.mentions == []

    await pressed(guild, message, alice, "Take back")
    assert message.content == before
    assert await guild.storage.items.corrected() == []
    assert message.attachments, "the transcript is still there"


async def test_what_was_corrected_is_kept_as_an_example_and_can_be_deleted(guild: Guild) -> None:
    message, ben = await summary(guild), guild.sandbox.people["Ben"]
    await pressed(guild, message, ben, "Somebody else does it", str(ben.id))

    [kept] = await guild.storage.items.corrected()
    [example] = [json.loads(line) for line in examples([kept])]
    at = example.pop("at")
    assert at == (kept.corrected_at.isoformat() if kept.corrected_at else "")
    assert example == {
        "text": "Alice will write the notes.",
        "kind": "action_item",
        "assignee": "Alice",
        "label": "assignee",
        "new_assignee": "Ben",
        "context": ["Alice: I will write the notes.", "Ben: Thank you."],
    }
    assert await guild.storage.items.delete_corrected() == 1
    assert await guild.storage.items.corrected() == []
    gone = await chosen(guild, message, ben)
    assert gone.content == "This item is not kept any more, so it cannot be corrected."


async def test_only_people_of_the_meeting_or_who_manage_messages_correct(guild: Guild) -> None:
    message, carla = await summary(guild), guild.sandbox.people["Carla"]
    refused = await chosen(guild, message, carla)
    assert refused.ephemeral
    assert refused.content.startswith("Only people who spoke in the meeting, or who may manage messages here")
    guild.sandbox.world.overwrite(guild.sandbox.general, carla.id, allow=Permission.MANAGE_MESSAGES)
    await pressed(guild, message, carla, "Done")
    assert "✅ done" in message.content


async def test_after_a_restart_the_menu_is_known_again(guild: Guild) -> None:
    message, alice = await summary(guild), guild.sandbox.people["Alice"]
    offer = await chosen(guild, message, alice)
    await guild.bot.close()
    bot = MeetingBot()
    async with connected(bot, guild.sandbox):
        bot.add_dynamic_items(*ITEMS)
        await bot.add_cog(Corrections(CorrectionService(guild.storage.items, SystemClock())))
        guild.sandbox.press(offer.message, offer.buttons()["Done"], user=alice)
        await guild.sandbox.wait_for_message(message.channel_id, where=lambda found: "✅ done" in found.content)
        await pressed(guild, message, alice, "Take back")
    assert LINE in message.content


async def test_a_correction_that_the_message_cannot_show_is_kept_all_the_same(guild: Guild) -> None:
    message, alice = await summary(guild), guild.sandbox.people["Alice"]
    offer = await chosen(guild, message, alice)
    guild.sandbox.delete_message(message)
    press = guild.sandbox.press(offer.message, offer.buttons()["Done"], user=alice)
    told = await press.followup()
    assert "was deleted" in told.content
    assert [kept.label for kept in await guild.storage.items.corrected()] == ["done"]
