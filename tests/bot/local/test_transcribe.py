"""Recordings through the real engine with a scripted recogniser."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from rich.console import Console

from bot.errors import EngineDown, EngineRefused, RefusedError
from bot.local.transcribe import Transcriber, Wish
from bot.local.transcript import Format
from tests.bot.local.fakes import settings_of
from tests.bot.local.sounds import levels, write_wav
from tests.engine.fakes import SENTENCES
from tests.engine.server import engine

if TYPE_CHECKING:
    from pathlib import Path

    from tests.engine.server import Engine


async def transcribed(folder: Path, running: Engine, wish: Wish) -> tuple[str, str]:
    """What stood on stdout and on stderr."""
    shown, aside = io.StringIO(), io.StringIO()
    transcriber = Transcriber(
        settings_of(folder, running.url), wish, shown=Console(file=shown, width=200), aside=Console(file=aside, width=200)
    )
    await transcriber.run()
    return shown.getvalue(), aside.getvalue()


async def test_a_file_becomes_lines_items_and_the_way_back(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "weekly.wav", levels(1, 0, 2, 3, 4, 5), 16_000)
    async with engine(tmp_path) as running:
        shown, _ = await transcribed(tmp_path, running, Wish((path,), ("Ana",)))
        (conversation,) = (await running.get("")).json()["conversations"]
        messages = (await running.get(f"/{conversation['id']}/messages")).json()["messages"]
    assert [message["text"] for message in messages] == [SENTENCES[number] for number in range(1, 6)]
    lines = shown.splitlines()
    assert lines[0] == f"[0:00] Ana: {SENTENCES[1]}"
    assert [line.partition("] ")[2] for line in lines[1:3]] == [f"Ana: {SENTENCES[2]}", f"Ana: {SENTENCES[3]}"]
    assert "  # release plan" in lines
    assert any(line.startswith("  -> Ana: Ana will send the draft by Friday. (due 20") for line in lines)
    assert f"  ~> Ana: {SENTENCES[4]}" in lines
    assert f"  ? Ana: {SENTENCES[2]}" in lines
    assert f"Conversation {conversation['id']}" in lines
    assert f"{running.url}/v1/conversations/{conversation['id']}/messages" in shown
    assert "0:06 of sound in " in lines[-1]
    assert "real-time factor" in lines[-1]


@pytest.mark.parametrize("form", list(Format))
async def test_a_format_alone_is_all_that_stands_on_stdout(tmp_path: Path, form: Format) -> None:
    path = write_wav(tmp_path / "weekly.wav", levels(1, 2))
    async with engine(tmp_path) as running:
        shown, aside = await transcribed(tmp_path, running, Wish((path,), form=form))
        out = tmp_path / "out"
        quiet, _ = await transcribed(tmp_path, running, Wish((path,), form=form, out=out))
    assert SENTENCES[1].rstrip(".") in shown
    assert "Conversation " in aside
    assert "real-time factor" not in shown
    assert SENTENCES[1] not in quiet
    if form not in {Format.JSON, Format.MD}:  # those two hold the conversation's id
        assert out.read_text(encoding="utf-8") == shown


async def test_files_and_channels_are_speakers_on_one_clock(tmp_path: Path) -> None:
    both = write_wav(tmp_path / "pair.wav", np.stack([levels(1, 0, 0), levels(0, 0, 2)], axis=1))
    third = write_wav(tmp_path / "carla.wav", levels(0, 3))
    async with engine(tmp_path) as running:
        shown, _ = await transcribed(tmp_path, running, Wish((both, third), ("Ana", "Bob"), form=Format.JSON))
    found = [(round(line["start"], 1), line["speaker"], line["text"]) for line in json.loads(shown)["messages"]]
    assert found == [(0.0, "Ana", SENTENCES[1]), (1.0, "Carla", SENTENCES[3]), (2.0, "Bob", SENTENCES[2])]


async def test_what_is_heard_faster_than_it_was_spoken_is_timed_by_its_length(tmp_path: Path) -> None:
    quiet = np.zeros(290 * 16_000, np.int16)
    path = write_wav(tmp_path / "long.wav", np.concatenate([levels(1), quiet, levels(2)]))
    async with engine(tmp_path) as running:
        shown, _ = await transcribed(tmp_path, running, Wish((path,), form=Format.JSON))
    assert [(round(line["start"], 1), round(line["end"], 1)) for line in json.loads(shown)["messages"]] == [
        (0.0, 0.5),
        (291.0, 291.5),
    ]


async def test_what_cannot_be_done_is_said_before_the_engine_is_asked(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "weekly.wav", levels(1))
    for wish, reason in [
        (Wish((tmp_path / "missing.wav",)), "missing.wav"),
        (Wish((path,), out=tmp_path), "cannot be written"),
        (Wish((path,), out=tmp_path / "no" / "folder.txt"), "cannot be written"),
        (Wish((path,), ("Ana", "Bob")), "leave some out"),
    ]:
        transcriber = Transcriber(settings_of(tmp_path, "http://127.0.0.1:1"), wish, shown=Console(), aside=Console())
        with pytest.raises(RefusedError, match=reason):
            await transcriber.run()


async def test_an_engine_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "weekly.wav", levels(1))
    transcriber = Transcriber(settings_of(tmp_path, "http://127.0.0.1:1"), Wish((path,)), shown=Console(), aside=Console())
    with pytest.raises(EngineDown, match="ENGINE_URL"):
        await transcriber.run()


async def test_the_language_is_the_engine_s_to_know(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "weekly.wav", levels(1))
    async with engine(tmp_path) as running:
        with pytest.raises(EngineRefused, match="languageCode must be English"):
            await transcribed(tmp_path, running, Wish((path,), language="de"))
        shown, _ = await transcribed(tmp_path, running, Wish((path,), language="en-GB"))
        assert SENTENCES[1] in shown
