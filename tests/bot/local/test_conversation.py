from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from bot.errors import RefusedError
from bot.local.conversation import show
from bot.local.parts import Part
from tests.bot.local.fakes import settings_of
from tests.engine.fakes import SENTENCES, pause, say
from tests.engine.server import JANE, Engine, engine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def held(tmp_path: Path) -> AsyncIterator[tuple[Engine, str]]:
    """An engine, and a conversation that has ended."""
    async with engine(tmp_path) as running:
        async with running.socket("weekly") as socket:
            conversation_id = await socket.start(JANE)
            for number in (2, 3, 4, 5):
                await socket.send(say(number) + pause())
            await socket.stop()
        yield running, conversation_id


async def shown(folder: Path, running: Engine, conversation_id: str, part: Part, *, raw: bool = False) -> str:
    file = io.StringIO()
    await show(
        settings_of(folder, running.url), conversation_id, part, raw=raw, shown=Console(file=file, width=150), say=lambda _: None
    )
    return file.getvalue()


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (Part.MESSAGES, ["0:00", "Jane", *(SENTENCES[number] for number in (2, 3, 4, 5))]),
        (Part.TOPICS, ["release plan", "0.80"]),
        (Part.ACTION_ITEMS, ["Jane", "Jane will send the draft by Friday.", "Fri 17 Nov 2023"]),
        (Part.FOLLOW_UPS, [SENTENCES[4]]),
        (Part.QUESTIONS, ["Jane", SENTENCES[2]]),
        (Part.SUMMARY, ["Summary"]),
        (Part.ANALYTICS, ["silence", "Jane", "100 %"]),
    ],
)
async def test_each_part_is_a_table_and_the_api_s_json(
    tmp_path: Path, held: tuple[Engine, str], part: Part, words: list[str]
) -> None:
    running, conversation_id = held
    text = await shown(tmp_path, running, conversation_id, part)
    assert [word for word in words if word not in text] == []
    raw = json.loads(await shown(tmp_path, running, conversation_id, part, raw=True))
    answer = (await running.get(f"/{conversation_id}/{part}")).json()
    assert raw.keys() == answer.keys()
    assert [len(raw[key]) for key in raw] == [len(answer[key]) for key in answer]


async def test_an_unknown_id_is_one_sentence(tmp_path: Path, held: tuple[Engine, str]) -> None:
    with pytest.raises(RefusedError, match="no topics of a conversation 12:"):
        await shown(tmp_path, held[0], "12", Part.TOPICS)
