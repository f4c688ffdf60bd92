"""`minutes transcribe`: recordings through the engine, as fast as it recognises them."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from audio.pcm import seconds
from bot.errors import RefusedError
from bot.languages import DEFAULT
from bot.local.engine import open_engine
from bot.local.recordings import in_step, look_at, speaker_names
from bot.local.report import print_outcome, print_way_back, settled_outcome
from bot.local.talk import Said, Talk, Trouble
from bot.local.transcript import Format, Transcript, line_text, render
from bot.publish.markup import clock, plain
from bot.signals import stop_event

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rich.console import Console

    from bot.local.engine import UsedEngine
    from bot.local.recordings import Recording
    from bot.local.talk import TalkEvent
    from bot.settings import Settings

AHEAD = 1.0
"""Seconds of a speaker's sound that may wait to be sent."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the person asked for. Without `form` lines are shown as they are understood; with it `out` or stdout gets the file."""

    files: tuple[Path, ...]
    speakers: tuple[str, ...] = ()
    title: str = ""
    split: bool | None = None
    form: Format | None = None
    out: Path | None = None
    language: str = DEFAULT


class Transcriber:
    """One run. `shown` is stdout; `aside` is stderr, for progress and for whatever is not the transcript."""

    def __init__(self, settings: Settings, wish: Wish, *, shown: Console, aside: Console) -> None:
        self._settings = settings
        self._wish = wish
        self._shown = shown
        self._aside = aside
        self._said: list[Said] = []
        self._position = 0.0
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TextColumn("{task.fields[done]}"),
            TimeRemainingColumn(),
            TextColumn("left"),
            console=aside,
            transient=True,
        )

    async def run(self) -> None:
        """From the files to the last line. Raises `MinutesError`."""
        wish = self._wish
        recordings = await asyncio.to_thread(look_at, wish.files, split=wish.split)
        names = speaker_names(recordings, wish.speakers)
        _check_place(wish.out)
        for recording in recordings:
            self._explain(recording)
        with stop_event() as stop:
            async with open_engine(self._settings, say=self._say) as engine:
                await self._transcribe(engine, recordings, names, stop)

    async def _transcribe(
        self, engine: UsedEngine, recordings: Sequence[Recording], names: Sequence[str], stop: asyncio.Event
    ) -> None:
        title = self._wish.title or ", ".join(recording.path.stem for recording in recordings)
        talk = Talk(engine.client, title, names, self._tell, self._wish.language)
        await talk.open()
        begun = time.monotonic()
        try:
            await self._feed(talk, recordings, stop)
            self._say("waiting for the last words ...")
            await talk.end()
        finally:
            await talk.close()
        took = time.monotonic() - begun
        conversation_id = talk.conversation_id or ""
        outcome = await settled_outcome(engine.client, conversation_id, self._aside)
        said = tuple(sorted(self._said, key=lambda line: (line.start, line.end)))
        transcript = Transcript(title, self._position, said, outcome)
        self._write(transcript)
        report = self._aside if self._wish.form is not None and self._wish.out is None else self._shown
        print_outcome(report, outcome)
        print_way_back(report, engine, conversation_id)
        report.print(Text(_speed(self._position, took), style="dim"))

    async def _feed(self, talk: Talk, recordings: Sequence[Recording], stop: asyncio.Event) -> None:
        lengths = [recording.seconds for recording in recordings]
        total = None if None in lengths else max(length for length in lengths if length is not None)
        with self._bar as bar:
            task = bar.add_task("transcribing", total=total, done="")
            async for piece in in_step(recordings):
                if stop.is_set():
                    self._say(f"stopped at {clock(self._position)}; what was said until then is kept.")
                    return
                talk.feed(piece.speaker, piece.pcm, piece.at)
                await talk.drained(AHEAD)
                self._position = max(self._position, piece.at + seconds(piece.pcm))
                bar.update(task, completed=self._position, done=clock(self._position))

    def _tell(self, event: TalkEvent) -> None:
        match event:
            case Said():
                self._said.append(event)
                if self._wish.form is None:
                    self._shown.print(Text(line_text(event)), soft_wrap=True)
            case Trouble(text):
                self._say(text)
            case _:
                pass

    def _write(self, transcript: Transcript) -> None:
        form, out = self._wish.form, self._wish.out
        if form is None:
            return
        text = render(transcript, form)
        if out is None:
            self._shown.file.write(text)
            self._shown.file.flush()
            return
        try:
            out.write_text(text, encoding="utf-8")
        except OSError as error:
            raise RefusedError(
                f"{out} cannot be written ({error.strerror}); minutes conversation ID messages has it all."
            ) from error
        self._say(f"written: {out}")

    def _explain(self, recording: Recording) -> None:
        if recording.channels == 1:
            return
        if recording.split:
            told = "each channel is taken as one speaker (--mix: take them as one)"
        else:
            told = "taken as one speaker (--split: take each channel as one)"
        self._say(f"{recording.path.name}: {recording.channels} channels, {told}")

    def _say(self, text: str) -> None:
        self._aside.print(Text(plain(text), style="dim"), soft_wrap=True)


def _check_place(out: Path | None) -> None:
    """A place where nothing can be written is said before the work, not after it."""
    if out is not None and (out.is_dir() or not out.parent.is_dir()):
        raise RefusedError(f"{out} cannot be written: name a file in a folder that exists.")


def _speed(length: float, took: float) -> str:
    """How long it took: the real-time factor is seconds of work for a second of sound."""
    factor = took / length if length else 0.0
    return f"{clock(length)} of sound in {took:.1f} s: real-time factor {factor:.3f}"
