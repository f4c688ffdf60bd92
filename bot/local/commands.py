"""The commands that need no Discord: transcribe, conversation, token."""

from __future__ import annotations

import asyncio
from pathlib import Path  # noqa: TC003 - typer reads the annotation
from typing import Annotated

import typer
from rich.console import Console

from bot import logs
from bot.errors import EngineDown
from bot.local.transcript import Format
from bot.settings import load_settings

app = typer.Typer()


@app.command()
def transcribe(
    files: Annotated[list[Path], typer.Argument(help="Recordings of any kind that FFmpeg reads; several are several speakers.")],
    *,
    speaker: Annotated[list[str] | None, typer.Option(help="The next speaker's name; once for each file or channel.")] = None,
    title: Annotated[str, typer.Option(help="What the conversation is called; default: the files' names.")] = "",
    split: Annotated[
        bool | None,
        typer.Option("--split/--mix", help="Each channel is a speaker, or all are one; default: told by listening."),
    ] = None,
    form: Annotated[Format | None, typer.Option("--format", help="What to write; default: by the suffix of --out.")] = None,
    out: Annotated[Path | None, typer.Option(help="The file to write; default: the screen.")] = None,
) -> None:
    """Turn recordings into text, topics, action items, follow-ups and questions."""
    from bot.local.transcribe import Transcriber, Wish  # noqa: PLC0415 - needed here only

    logs.set_up(verbose=False)
    wish = Wish(tuple(files), tuple(speaker or ()), title, split, _form(form, out), out)
    transcriber = Transcriber(load_settings(), wish, shown=_shown(), aside=_aside())
    asyncio.run(transcriber.run())


@app.command()
def token() -> None:
    """Print an access token of the engine that runs: for curl and for programs of your own."""
    from bot.local.engine import access_token, running  # noqa: PLC0415 - needed here only

    async def fetch() -> str:
        door = await running(load_settings())
        if door is None:
            raise EngineDown("No engine is running: start one with `minutes serve`, or set ENGINE_URL.")
        return await access_token(door)

    typer.echo(asyncio.run(fetch()))


def _form(form: Format | None, out: Path | None) -> Format | None:
    """The format asked for, else the one that the file's suffix names, else plain text for a file."""
    if form is not None or out is None:
        return form
    suffix = out.suffix.lower().removeprefix(".")
    if suffix not in set(Format):
        raise typer.BadParameter(f"--out needs one of the suffixes {', '.join(Format)}, or --format.")
    return Format(suffix)


def _shown() -> Console:
    return Console(highlight=False, markup=False)


def _aside() -> Console:
    return Console(stderr=True, highlight=False, markup=False)
