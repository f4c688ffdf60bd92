"""`minutes export corrections` and `minutes delete corrections`: what people corrected, as labelled examples."""

from __future__ import annotations

import asyncio
import sys
from contextlib import asynccontextmanager
from pathlib import Path  # noqa: TC003 - typer reads the annotation
from typing import TYPE_CHECKING, Annotated

import typer

from bot.errors import StorageError
from bot.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.storage.items import PostedItems

export_app = typer.Typer(help="Write out what is kept.", no_args_is_help=True)
delete_app = typer.Typer(help="Delete what is kept.", no_args_is_help=True)


@export_app.command("corrections")
def export_corrections(
    *, out: Annotated[Path | None, typer.Option(help="The file to write; without it, to the terminal.")] = None
) -> None:
    """What people corrected about items, one JSON object a line, for whoever trains something; it is sent nowhere."""
    lines = "".join(f"{line}\n" for line in asyncio.run(_examples()))
    if out is None:
        sys.stdout.write(lines)
        return
    try:
        out.write_text(lines, encoding="utf-8")
    except OSError as error:
        raise StorageError(f"{out} cannot be written ({error.strerror}): name another file with --out.") from error
    typer.echo(f"{lines.count(chr(10))} corrections written to {out}")


@delete_app.command("corrections")
def delete_corrections() -> None:
    """Forget what people corrected; what stands in the threads stays there."""
    typer.echo(f"{asyncio.run(_delete())} corrections deleted")


async def _examples() -> list[str]:
    from bot.publish.corrections import examples  # noqa: PLC0415 - needed here only

    async with _items() as items:
        return list(examples(await items.corrected()))


async def _delete() -> int:
    async with _items() as items:
        return await items.delete_corrected()


@asynccontextmanager
async def _items() -> AsyncIterator[PostedItems]:
    from bot.storage.storage import Storage  # noqa: PLC0415 - the database takes long to load: other commands need not wait

    storage = await Storage.open(load_settings().storage.data_dir)
    try:
        yield storage.items
    finally:
        await storage.close()
