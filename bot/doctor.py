"""`minutes doctor`: what is missing or wrong, and what to do about it. Each check is a function of its own."""

from __future__ import annotations

import asyncio
import importlib.metadata
import platform
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import httpx
from rich.table import Table

from audio import libopus
from audio.errors import LibopusMissing
from bot.engine_process import EngineProcess
from bot.errors import MinutesError
from wire.tokens import TOKEN_PATH, TokenRequest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from bot.settings import DiscordSettings, EngineSettings, Settings

Result = Literal["ok", "warning", "failed"]

NEWEST, OLDEST = (3, 14), (3, 11)
ROOM_NEEDED, ROOM_WISHED = 200_000_000, 1_000_000_000
"""Free bytes below which meetings cannot be kept, or may soon not be."""
_PATIENCE = 10.0
_MARKS: dict[Result, str] = {"ok": "[green]ok[/]", "warning": "[yellow]warning[/]", "failed": "[red]failed[/]"}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; `advice` says what to do when it is not as it should be."""

    name: str
    result: Result
    found: str
    advice: str = ""

    @property
    def failed(self) -> bool:
        """Minutes cannot work like this."""
        return self.result == "failed"


async def examine(settings: Settings, *, say: Callable[[str], None]) -> list[Check]:
    """Every check, one after the other; `say` hears what is being looked at."""
    data_dir = settings.storage.data_dir
    steps: list[tuple[str, Callable[[], Awaitable[Check]]]] = [
        ("Python", lambda: asyncio.to_thread(python_version)),
        ("libopus", lambda: asyncio.to_thread(opus)),
        ("voice encryption", lambda: asyncio.to_thread(encryption)),
        ("data folder", lambda: asyncio.to_thread(data_folder, data_dir)),
        ("disk", lambda: asyncio.to_thread(disk, data_dir)),
        ("speech model", model),
        ("engine", lambda: engine(settings.engine, data_dir)),
        ("Discord's API", lambda: gateway(settings.discord)),
        ("token", lambda: token(settings.discord)),
    ]
    checks = []
    for name, step in steps:
        say(f"looking at: {name} ...")
        checks.append(await step())
    return checks


def table(checks: list[Check]) -> Table:
    """The checks for a terminal."""
    shown = Table(title="minutes doctor")
    for heading in ("check", "", "found", "what to do"):
        shown.add_column(heading, overflow="fold")
    for check in checks:
        shown.add_row(check.name, _MARKS[check.result], check.found, check.advice)
    return shown


def python_version(version: tuple[int, int] = sys.version_info[:2]) -> Check:
    """3.11 to 3.14."""
    found = ".".join(str(part) for part in version)
    if version < OLDEST:
        return Check("Python", "failed", found, "Install Python 3.11 or newer, then: make clean setup PYTHON=<its path>")
    if version > NEWEST:
        return Check("Python", "warning", found, "Minutes is tested up to Python 3.14.")
    return Check("Python", "ok", found)


def opus() -> Check:
    """A libopus that can be loaded."""
    try:
        libopus.load()
        return Check("libopus", "ok", libopus.path())
    except LibopusMissing as error:
        return Check("libopus", "failed", "not found", str(error))


def encryption() -> Check:
    """Davey, which Discord's voice channels require, and PyNaCl."""
    try:
        import davey  # noqa: PLC0415 - whether it can be imported is the question
        import nacl.bindings  # noqa: F401, PLC0415 - likewise
    except ImportError as error:
        return Check("voice encryption", "failed", str(error), f"Install again: make clean setup ({platform.machine()})")
    versions = f"davey {importlib.metadata.version(davey.__name__)}, PyNaCl {importlib.metadata.version('PyNaCl')}"
    return Check("voice encryption", "ok", versions)


def data_folder(data_dir: Path) -> Check:
    """Meetings can be written down."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=data_dir) as file:
            file.write(b"minutes")
    except OSError as error:
        return Check("data folder", "failed", f"{data_dir}: {error.strerror}", "Set DATA_DIR in .env to a folder of yours.")
    return Check("data folder", "ok", str(data_dir.resolve()))


def disk(data_dir: Path) -> Check:
    """There is room for meetings."""
    place = next(path for path in (data_dir.resolve(), *data_dir.resolve().parents) if path.exists())
    free = shutil.disk_usage(place).free
    found = f"{free / 1e9:.1f} GB free"
    if free < ROOM_NEEDED:
        return Check("disk", "failed", found, "Free some space, or set DATA_DIR in .env to another disk.")
    if free < ROOM_WISHED:
        return Check("disk", "warning", found, "Free some space soon.")
    return Check("disk", "ok", found)


async def model() -> Check:
    """The engine finds its speech model."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "engine", "models", "list", stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    output, _ = await process.communicate()
    lines = output.decode(errors="replace").strip().splitlines()
    found = lines[-1] if lines else "none"
    if process.returncode == 0 and lines and not found.startswith("No "):
        return Check("speech model", "ok", found)
    return Check("speech model", "failed", found, "Prepare it: minutes models prepare")


async def engine(settings: EngineSettings, data_dir: Path) -> Check:
    """The engine of ENGINE_URL, or one that is started for the question, gives out a token."""
    if settings.url is not None:
        asked = TokenRequest(app_id=settings.app_id, app_secret=settings.app_secret.get_secret_value())
        return await _ask_engine(settings.url, asked, "Look whether ENGINE_URL, ENGINE_APP_ID and ENGINE_APP_SECRET are right.")
    own = EngineProcess(data_dir)
    try:
        await own.start()
        asked = TokenRequest(app_id=own.app_id, app_secret=own.app_secret)
        return await _ask_engine(own.url, asked, f"Look into {own.log_path}.")
    except MinutesError as error:
        return Check("engine", "failed", str(error), f"Look into {own.log_path}.")
    finally:
        await own.stop()


async def _ask_engine(url: str, asked: TokenRequest, advice: str) -> Check:
    async with httpx.AsyncClient(timeout=_PATIENCE) as http:
        try:
            answer = await http.post(f"{url}{TOKEN_PATH}", json=asked.as_json())
        except httpx.HTTPError as error:
            return Check("engine", "failed", f"{url} does not answer ({type(error).__name__})", advice)
    if answer.is_success:
        return Check("engine", "ok", f"answers at {url}")
    return Check("engine", "failed", f"{url} answers {answer.status_code}", advice)


async def gateway(settings: DiscordSettings) -> Check:
    """Discord's API answers and names its gateway; only `run` needs it."""
    bad: Result = "failed" if settings.token.get_secret_value() else "warning"
    advice = f"Look at your network or proxy: the bot must reach {settings.api_url} and wss://gateway.discord.gg."
    async with httpx.AsyncClient(timeout=_PATIENCE) as http:
        try:
            answer = await http.get(f"{settings.api_url}/gateway")
        except httpx.HTTPError as error:
            return Check("Discord's API", bad, f"not reachable ({type(error).__name__})", advice)
    if not answer.is_success:
        return Check("Discord's API", bad, f"answers {answer.status_code}", advice)
    return Check("Discord's API", "ok", f"gateway {answer.json().get('url', '?')}")


async def token(settings: DiscordSettings) -> Check:
    """Discord accepts the token."""
    secret = settings.token.get_secret_value()
    if not secret:
        return Check("token", "warning", "DISCORD_TOKEN is not set", "minutes run says how to get one; make demo needs none.")
    async with httpx.AsyncClient(timeout=_PATIENCE, headers={"Authorization": f"Bot {secret}"}) as http:
        try:
            answer = await http.get(f"{settings.api_url}/users/@me")
        except httpx.HTTPError as error:
            return Check("token", "warning", f"could not be tried ({type(error).__name__})", "Mend the connection first.")
    if answer.is_success:
        return Check("token", "ok", f"belongs to {answer.json().get('username', '?')}")
    return Check("token", "failed", f"refused ({answer.status_code})", 'Press "Reset Token" in the developer portal, renew .env.')
