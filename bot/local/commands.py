"""The commands that need no Discord: transcribe, mic, conversation, token."""

from __future__ import annotations

import asyncio
import functools
from contextlib import contextmanager
from pathlib import Path  # noqa: TC003 - typer reads the annotation
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer
from rich.console import Console

from audio.errors import AudioError
from bot import logs
from bot.errors import EngineDown, RefusedError
from bot.languages import DEFAULT, code_of
from bot.local.parts import Part
from bot.local.transcript import Format
from bot.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

app = typer.Typer()

Language: TypeAlias = Annotated[
    str, typer.Option(help="What is spoken, by name or code, or auto; the engine's model must know it.")
]


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
    language: Language = DEFAULT,
) -> None:
    """Turn recordings into text, topics, action items, follow-ups and questions."""
    from bot.local.transcribe import Transcriber, Wish  # noqa: PLC0415 - needed here only

    logs.set_up(verbose=False)
    wish = Wish(tuple(files), tuple(speaker or ()), title, split, _form(form, out), out, code_of(language))
    transcriber = Transcriber(load_settings(), wish, shown=_shown(), aside=_aside())
    asyncio.run(transcriber.run())


@app.command()
def mic(
    *,
    device: Annotated[str, typer.Option(help="A microphone's number or a part of its name; default: the system's own.")] = "",
    devices: Annotated[bool, typer.Option("--devices", help="List the microphones and end.")] = False,
    rate: Annotated[int | None, typer.Option(min=4_000, max=384_000, help="Samples a second; default: the device's own.")] = None,
    channels: Annotated[int | None, typer.Option(min=1, max=32, help="Channels to record, mixed into one; default: 1.")] = None,
    speaker: Annotated[str, typer.Option(help="Who speaks; default: your name on this computer.")] = "",
    title: Annotated[str, typer.Option(help="What the meeting is called.")] = "",
    exit_on_silence: Annotated[
        float | None, typer.Option(min=1, metavar="SECONDS", help="End the meeting when nobody has spoken for so long.")
    ] = None,
    play: Annotated[Path | None, typer.Option(help="A recording to play in place of a microphone.")] = None,
    language: Language = DEFAULT,
) -> None:
    """Hold a meeting with this computer's microphone: text and insights appear while you speak."""
    from audio import microphone  # noqa: PLC0415 - needed here only
    from bot.clock import SystemClock  # noqa: PLC0415 - likewise
    from bot.local.mic import MeetingWish, hold  # noqa: PLC0415 - likewise
    from bot.local.report import table  # noqa: PLC0415 - likewise

    logs.set_up(verbose=False)
    clock = SystemClock()
    with _audio_errors():
        if devices:
            found = microphone.microphones(microphone.portaudio())
            microphone.pick(found, "")  # says what to do where there is none
            rows = [
                (str(one.number), one.name, str(one.channels), f"{one.rate} Hz", "default" if one.default else "")
                for one in found
            ]
            _shown().print(table("Microphones", ("number", "name", "channels", "rate", ""), rows))
            return
        source: Callable[[], microphone.SoundSource]
        if play is not None:
            source = functools.partial(microphone.PlayedFile, play, clock=clock.monotonic, sleep=clock.sleep)
        else:
            library = microphone.portaudio()
            chosen = microphone.pick(microphone.microphones(library), device)
            source = functools.partial(microphone.Microphone, library, chosen, rate=rate, channels=channels)
        wish = MeetingWish(speaker, title, exit_on_silence, code_of(language))
        asyncio.run(hold(load_settings(), wish, source, console=_shown(), clock=clock))


@app.command()
def conversation(
    conversation_id: Annotated[str, typer.Argument(metavar="ID", help="The id that ends a meeting or a transcription.")],
    part: Annotated[Part, typer.Argument(help="What to show.")] = Part.MESSAGES,
    *,
    raw: Annotated[bool, typer.Option("--json", help="The API's own JSON.")] = False,
) -> None:
    """Show what is kept of a conversation: messages, topics, items, questions, summary, analytics."""
    from bot.local.conversation import show  # noqa: PLC0415 - needed here only

    logs.set_up(verbose=False)
    aside = _aside()
    asyncio.run(
        show(load_settings(), conversation_id, part, raw=raw, shown=_shown(), say=lambda text: aside.print(text, style="dim"))
    )


@contextmanager
def _audio_errors() -> Iterator[None]:
    """Errors of sound are for the person at the terminal as all others are."""
    try:
        yield
    except AudioError as error:
        raise RefusedError(str(error)) from error


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
