"""`python -m engine`: serve, and look after the speech models."""

from __future__ import annotations

import asyncio
import logging
import sys
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from pydantic import ValidationError
from rich.console import Console

from engine.credentials import add_application, applications, credentials_path, load_credentials, remove_application
from engine.errors import EngineFault, SettingsError
from engine.insights.engine import InsightEngine
from engine.recognition import choice, pool
from engine.serve import address, bind, serve
from engine.settings import EngineSettings

if TYPE_CHECKING:
    from engine.credentials import Credentials

app = typer.Typer(
    name="engine", help="A self-hosted Streaming and Conversation API.", no_args_is_help=True, pretty_exceptions_enable=False
)
models_app = typer.Typer(help="The speech models of the engine.", no_args_is_help=True)
app.add_typer(models_app, name="models")
apps_app = typer.Typer(
    help="Further applications, each with its own conversations; a running engine knows them from its next start on.",
    no_args_is_help=True,
)
app.add_typer(apps_app, name="apps")

_console = Console(soft_wrap=True, highlight=False, markup=False)


@app.command("serve")
def serve_command(
    *,
    host: Annotated[str | None, typer.Option(help="Address to listen on; default: ENGINE_HOST.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="0 is any free port; default: ENGINE_PORT.")] = None,
    show_secret: Annotated[bool, typer.Option("--show-secret", help="Print the application secret, to a terminal only.")] = False,
    parent_watch: Annotated[bool, typer.Option("--parent-watch", help="Stop when stdin is closed.")] = False,
) -> None:
    """Serve until SIGINT or SIGTERM; a line says when it is ready."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        settings = _settings()
        host, port = host or settings.host, settings.port if port is None else port
        credentials = load_credentials(settings)
        with bind(host, port) as listener:

            def ready() -> None:
                _introduce(settings, credentials, show_secret=show_secret)
                _say(f"engine ready at {address(host, listener)}")

            asyncio.run(serve(settings, credentials, pool.start, InsightEngine, listener, ready, parent_watch=parent_watch))
    except EngineFault as error:
        _give_up(error)


def _introduce(settings: EngineSettings, credentials: Credentials, *, show_secret: bool) -> None:
    app_id, secret = next(iter(credentials.applications.items()))
    _say(f"application id: {app_id}")
    if show_secret and sys.stdout.isatty():
        _say(f"application secret: {secret}")
    else:
        kept = "in ENGINE_APP_SECRET" if settings.app_id else f"in {credentials_path(settings)}"
        _say(f"application secret: kept {kept}")


@apps_app.command("add")
def add_app_command(name: Annotated[str, typer.Argument(help="What people call it.")]) -> None:
    """Make an application id and a secret."""
    try:
        settings = _settings()
        added = add_application(settings, name)
    except EngineFault as error:
        _give_up(error)
    _say(f"application id: {added.app_id}")
    if sys.stdout.isatty():
        _say(f"application secret: {added.app_secret}")
    else:
        _say(f"application secret: kept in {credentials_path(settings)}")


@apps_app.command("list")
def list_apps_command() -> None:
    """Name the further applications."""
    try:
        found = applications(_settings())
    except EngineFault as error:
        _give_up(error)
    for one in found:
        _say(f"{one.app_id}  {one.name}")
    if not found:
        _say("There is only the engine's first application.")


@apps_app.command("remove")
def remove_app_command(name: Annotated[str, typer.Argument(help="Its name.")]) -> None:
    """Forget an application; its conversations stay."""
    try:
        remove_application(_settings(), name)
    except EngineFault as error:
        _give_up(error)
    _say(f"Removed {name}")


@models_app.command("prepare")
def prepare_command() -> None:
    """Fetch and convert the speech models that ENGINE_MODEL and ENGINE_SECOND_LOOK name, unless they are there."""
    try:
        choice.prepare_all(_settings(), _console)
    except EngineFault as error:
        _give_up(error)


@models_app.command("list")
def list_command() -> None:
    """Name the prepared models."""
    try:
        found = choice.list_models(_settings())
    except EngineFault as error:
        _give_up(error)
    for model in found:
        _say(f"{model.name}  {model.precision}  {model.size / 1e6:.0f} MB  {model.folder}")
    if not found:
        _say("No speech model is prepared.")


@models_app.command("remove")
def remove_command() -> None:
    """Delete the prepared models."""
    try:
        gone = choice.remove_models(_settings())
    except EngineFault as error:
        _give_up(error)
    _say("\n".join(f"Deleted {model.folder}" for model in gone) or "No speech model is prepared.")


def _settings() -> EngineSettings:
    try:
        return EngineSettings()
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise SettingsError(f"{first['loc'][0]} is wrong: {first['msg']}. Mend it in .env.") from error


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _give_up(error: EngineFault) -> NoReturn:
    sys.stderr.write(f"{error}\n")
    raise typer.Exit(2)


if __name__ == "__main__":
    app()
