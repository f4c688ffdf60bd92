"""The command line: `minutes run`, `serve`, `apps`, `demo`, `doctor`, `models`, and the commands of `bot/local`."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from typing import Annotated

import typer
from rich.console import Console

from bot import examples, logs
from bot.errors import MinutesError, SettingsError
from bot.local import commands
from bot.settings import load_settings

HOW_TO_BEGIN = """\
Minutes needs the token of a Discord bot:
  1. Open https://discord.com/developers/applications and press "New Application".
  2. On its page "Bot" press "Reset Token" and copy the token. No privileged intent is needed.
  3. Write it into the file .env in this folder: DISCORD_TOKEN=<the token>
  4. Start again; the link that invites the bot to your server is then shown here.
To see Minutes at work without a token: make demo"""

app = typer.Typer(
    help="Minutes: a meeting assistant for Discord.", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)
app.add_typer(commands.app)
app.add_typer(examples.export_app, name="export")
app.add_typer(examples.delete_app, name="delete")
_PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True}


@app.command()
def run(*, verbose: Annotated[bool, typer.Option(help="Log more, words of the meetings included.")] = False) -> None:
    """Start the bot, and the speech engine with it unless ENGINE_URL names another."""
    settings = load_settings()
    if not settings.discord.token.get_secret_value():
        typer.echo(HOW_TO_BEGIN, err=True)
        raise typer.Exit(2)
    from bot.app import serve_discord  # noqa: PLC0415 - discord.py takes seconds to load: what needs none of it need not wait

    logs.set_up(verbose=verbose)
    asyncio.run(serve_discord(settings, say=_say))


@app.command(context_settings=_PASS_ON, add_help_option=False)
def serve(context: typer.Context) -> None:
    """Start the speech engine alone, in the foreground. serve --show-secret prints the application's secret, too."""
    _become(sys.executable, "-m", "engine", "serve", *context.args)


@app.command(context_settings=_PASS_ON, add_help_option=False)
def apps(context: typer.Context) -> None:
    """Further programs that may ask the engine, each with its own conversations: apps add NAME|list|remove NAME."""
    _become(sys.executable, "-m", "engine", "apps", *context.args)


@app.command(context_settings=_PASS_ON, add_help_option=False)
def demo(context: typer.Context) -> None:
    """Hold a recorded meeting in a simulated Discord, heard by the real bot. demo --help lists the simulation's options."""
    from bot.demo import SANDBOX, Demo  # noqa: PLC0415 - needed here only

    if "--help" in context.args:
        _become(*SANDBOX, "--help")
    settings = load_settings()
    raise typer.Exit(asyncio.run(Demo(settings.storage.data_dir, say=_say).run(context.args)))


@app.command()
def doctor() -> None:
    """Look for what is missing or wrong, and say what to do about it."""
    from bot.doctor import examine, table  # noqa: PLC0415 - needed here only

    checks = asyncio.run(examine(load_settings(), say=_say))
    Console().print(table(checks))
    if any(check.failed for check in checks):
        raise typer.Exit(1)
    _say("ready: all that a meeting needs is here")


@app.command(context_settings=_PASS_ON, add_help_option=False)
def models(context: typer.Context) -> None:
    """Prepare, list or remove speech models: models prepare|list|remove."""
    _become(sys.executable, "-m", "engine", "models", *context.args)


def main() -> None:
    """Run the command line; an error is one sentence and an exit code: 2 for settings, 1 for the rest."""
    try:
        app()
    except SettingsError as error:
        _fail(error, 2)
    except MinutesError as error:
        _fail(error, 1)


def _fail(error: MinutesError, code: int) -> None:
    typer.echo(f"minutes: {error}", err=True)
    raise SystemExit(code)


def _say(text: str) -> None:
    """A line for the person at the terminal, at once even through a pipe."""
    typer.echo(text)
    sys.stdout.flush()


def _become(*command: str) -> None:
    """Hand this process over to another program, so that signals and the exit code are its own."""
    if os.name == "posix":
        os.execv(command[0], command)  # noqa: S606 - our own interpreter, no shell
    raise typer.Exit(subprocess.call(command))  # noqa: S603 - our own interpreter, no shell
