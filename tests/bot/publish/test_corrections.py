from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from bot.meetings.entries import Line
from bot.publish.corrections import corrected, examples, shown
from bot.publish.markup import MESSAGE_LIMIT
from bot.publish.menus import FORGET, MENU_ID, ROOM, ItemMenus
from bot.publish.summary import summary_messages
from bot.storage.database import Database
from bot.storage.items import KeptItem, PostedItem, PostedItems
from bot.storage.storage import Storage
from tests.bot.fakes import BEGIN, FakeClock
from tests.bot.publish.test_summary import FULL, LINES, URLS
from wire.base import Person
from wire.conversations import ActionItem

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.storage.items import Label

ITEM = PostedItem(
    meeting_id="m1",
    item_id="a",
    guild_id=1,
    kind="action_item",
    text="Ben will send it.",
    owner="Ben",
    line="- **Ben** will send it. · due <t:1:D> · [0:12](https://discord.test/1)",
    context=("Ana: Who sends it?",),
    people={1: "Ana"},
    posted_at=BEGIN,
)


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    storage = await Storage.open(tmp_path)
    yield storage
    await storage.close()


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("", ITEM.line),
        ("done", "- ~~**Ben** will send it.~~ · ✅ done · due <t:1:D> · [0:12](https://discord.test/1)"),
        ("not_an_item", "- ~~**Ben** will send it.~~ · not an item · due <t:1:D> · [0:12](https://discord.test/1)"),
        ("assignee", "- **Ben** will send it. · now **A\\*a \\<\\@everyone\\>** · due <t:1:D> · [0:12](https://discord.test/1)"),
    ],
)
def test_a_correction_shows_in_the_line(label: Label, expected: str) -> None:
    line = shown(KeptItem(1, ITEM, label, "A*a <@everyone>", BEGIN))
    assert line == expected.replace("\\<\\@everyone\\>", "\\<@\u200beveryone\\>")


def test_a_line_is_changed_in_its_place_alone() -> None:
    content = f"### Action items\n{ITEM.line}\n{ITEM.line} again"
    assert corrected(content, ITEM.line, "- new") == f"### Action items\n- new\n{ITEM.line} again"
    assert corrected("nothing of it", ITEM.line, "- new") is None
    assert corrected(f"{'x' * 1900}\n- a", "- a", "- " + "b" * 99) is None


def test_examples_are_one_line_each_whatever_was_said() -> None:
    odd = replace(ITEM, text='He said:\u2028"no"\n', context=("Ana: \n\t",))
    [line] = examples([KeptItem(1, odd, "done", "", BEGIN)])
    assert "\n" not in line
    assert json.loads(line)["text"] == odd.text


async def test_a_message_has_a_menu_of_the_items_in_it(storage: Storage) -> None:
    items = tuple(
        ActionItem(id=f"i{number}", text=f"Ben will do task {number}. " + "word " * 30, from_=Person(name="Ben"))
        for number in range(40)
    )
    result = replace(FULL, action_items=items)
    texts = summary_messages(result, URLS, limit=MESSAGE_LIMIT - ROOM)
    menus = await ItemMenus(storage.items, FakeClock()).below(result, URLS, texts)
    labels = [choice.label for menu in menus if menu for choice in menu.choices]
    assert [label.split(".")[0] for label in labels] == [
        *(f"Ben will do task {number}" for number in range(40)),
        "Meet again with the team",
    ]
    assert all(menu is None or (menu.menu_id == MENU_ID and len(menu.choices) <= 25) for menu in menus)
    assert all(len(label) <= 100 for label in labels)
    first = next(menu for menu in menus if menu)
    kept = await storage.items.get(int(first.choices[0].value))
    assert kept is not None
    assert (kept.item.owner, kept.item.people, kept.item.context) == ("Ben", {1: "Ana", 2: "Ben"}, ())


async def test_the_same_summary_again_leads_to_the_same_items(storage: Storage) -> None:
    menus = ItemMenus(storage.items, FakeClock())
    texts = summary_messages(FULL, URLS)
    first = await menus.below(FULL, URLS, texts)
    assert first == await menus.below(FULL, URLS, texts)
    assert first[0] is not None
    kept = await storage.items.get(int(first[0].choices[0].value))
    assert kept is not None
    assert kept.item.context == tuple(f"{line.name}: {line.text}" for line in LINES if isinstance(line, Line))


async def test_without_a_database_there_are_no_menus(tmp_path: Path) -> None:
    database = await Database.open(tmp_path)
    (tmp_path / "minutes.db").write_bytes(b"no database" * 1000)
    assert await ItemMenus(PostedItems(database), FakeClock()).below(FULL, URLS, ["text"]) == [None]
    await database.close()


async def test_what_nobody_corrected_is_forgotten_in_time(storage: Storage) -> None:
    old, kept = replace(ITEM, item_id="old"), replace(ITEM, item_id="kept")
    numbers = await storage.items.add([old, kept], forget=BEGIN - FORGET)
    await storage.items.correct(numbers["kept"], "done", "", datetime(2026, 3, 3, tzinfo=UTC))
    await storage.items.add([], forget=BEGIN + timedelta(seconds=1))
    assert await storage.items.get(numbers["old"]) is None
    assert [one.item for one in await storage.items.corrected()] == [kept]
