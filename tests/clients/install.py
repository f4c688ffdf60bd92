"""Installs the published clients from their registries, in exact versions and checked by hash, into a folder that is kept.

`python -m tests.clients.install` does so ahead of the tests; as root on Debian and Ubuntu it adds Node, Chromium and PulseAudio, too.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]
DRIVERS: Final = HERE / "drivers"
CACHE: Final = ROOT / ".cache" / "clients"
BROWSERS: Final = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "msedge",
    "microsoft-edge",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
)
NODE_LOCK: Final = (HERE / "package.json", HERE / "package-lock.json")
PYTHON_LOCK: Final = (HERE / "requirements.txt",)


SOUND_SERVER: Final = ("pulseaudio", "pulseaudio-utils", "libasound2-plugins", "libportaudio2")


class Unavailable(Exception):
    """A program that tests need cannot be had on this machine; the reason is one sentence."""


@dataclass(frozen=True, slots=True)
class SoundServer:
    """Where PulseAudio's programs are."""

    server: str
    player: str


def find_node() -> str:
    """Node, 18 or newer. Raises `Unavailable`."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        raise Unavailable("Node and npm are not installed: https://nodejs.org, or apt install nodejs npm.")
    version = _output(node, "--version").removeprefix("v").strip()
    if int(version.partition(".")[0]) < 18:
        raise Unavailable(f"Node {version} is too old: the clients need 18 or newer.")
    return node


def find_chromium() -> str:
    """Chromium, Chrome or Edge. Raises `Unavailable`."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        raise Unavailable("Chromium is not installed: apt install chromium, or install Chrome.")
    return found


def find_sound_server() -> SoundServer:
    """PulseAudio. Raises `Unavailable`."""
    server, player = shutil.which("pulseaudio"), shutil.which("paplay")
    if server is None or player is None:
        raise Unavailable(f"PulseAudio is not installed: apt install {' '.join(SOUND_SERVER)}.")
    return SoundServer(server, player)


def node_clients() -> Path:
    """The `node_modules` with the npm clients. Raises `Unavailable`."""
    find_node()
    npm = shutil.which("npm")
    assert npm is not None

    def install(folder: Path) -> None:
        for file in NODE_LOCK:
            shutil.copy(file, folder)
        _run(npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent", cwd=folder)

    return _kept("node", NODE_LOCK, install) / "node_modules"


def python_clients() -> Path:
    """The interpreter of an environment that holds the PyPI clients and nothing of the project."""

    def install(folder: Path) -> None:
        venv.create(folder, with_pip=True, clear=True)
        pip = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes")
        _run(str(_interpreter(folder)), *pip, "-r", str(PYTHON_LOCK[0]), cwd=folder)

    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return _interpreter(_kept(version, PYTHON_LOCK, install))


def _interpreter(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def _kept(name: str, lock: tuple[Path, ...], install: Callable[[Path], None]) -> Path:
    """The folder of this lock, made if it is not there; older ones are deleted."""
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in lock)).hexdigest()[:12]
    folder, done = CACHE / f"{name}-{digest}", CACHE / f"{name}-{digest}.done"
    if done.exists() and folder.exists():
        return folder
    CACHE.mkdir(parents=True, exist_ok=True)
    for old in CACHE.glob(f"{name}-*"):
        shutil.rmtree(old) if old.is_dir() else old.unlink()
    folder.mkdir()
    install(folder)
    done.touch()  # without it an installation that broke off would be taken for a whole one
    return folder


def _output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _run(*command: str, cwd: Path) -> None:
    done = subprocess.run(command, cwd=cwd, check=False, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{Path(command[0]).name} could not install the clients:\n{done.stdout}{done.stderr}")


def _add_programs() -> None:
    """Node, Chromium and PulseAudio from the system's packages, where that needs no question."""
    apt = shutil.which("apt-get")
    if apt is None or not hasattr(os, "geteuid") or os.geteuid() != 0:
        return
    missing: list[str] = []
    for find, packages in ((find_node, ("nodejs", "npm")), (find_chromium, ("chromium",)), (find_sound_server, SOUND_SERVER)):
        try:
            find()
        except Unavailable:
            missing += packages
    if not missing:
        return
    sys.stdout.write(f"Installing {', '.join(missing)} ...\n")
    with tempfile.TemporaryDirectory() as folder:
        _run(apt, "update", "-qq", cwd=Path(folder))
        _run(apt, "install", "-y", "-qq", "--no-install-recommends", *missing, cwd=Path(folder))


def main() -> int:
    """Install what can be installed; say what cannot."""
    try:
        _add_programs()
    except RuntimeError as error:  # the tests that need it then skip and say so
        sys.stdout.write(f"{error}\n")
    for install in (node_clients, python_clients, find_chromium, find_sound_server):
        try:
            install()
        except Unavailable as reason:
            sys.stdout.write(f"Some tests will be skipped. {reason}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
