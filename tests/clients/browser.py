"""Headless Chromium that runs one driver: a page on loopback, a recorded microphone, a record sent back."""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from tests.clients.install import DRIVERS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WITHIN: Final = 75.0
"""Seconds that a driver may take, the browser's start included."""
FLAGS: Final = (
    "--headless",
    "--no-sandbox",  # the tests may run as root
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
)

Record = dict[str, Any]


class _Page(SimpleHTTPRequestHandler):
    """Serves the folder of one driver, and takes the driver's record."""

    def __init__(self, *given: Any, records: queue.Queue[Record], **more: Any) -> None:
        self._records = records
        super().__init__(*given, **more)

    def do_POST(self) -> None:
        self._records.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing: secrets stand in the page's address."""


@contextmanager
def _serve(folder: Path, records: queue.Queue[Record]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Page, directory=str(folder), records=records))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass(frozen=True, slots=True)
class Browser:
    """Chromium, and what a page's driver is told."""

    chromium: str
    node: str
    modules: Path
    folder: Path
    microphone: Path
    settings: dict[str, str]

    def run(self, driver: str) -> Record:
        """Open a page with this driver and wait for its record."""
        page, profile = self.folder / "page", self.folder / "profile"
        self._bundle(driver, page)
        records: queue.Queue[Record] = queue.Queue()
        with _serve(page, records) as address:
            process = subprocess.Popen(
                [
                    self.chromium,
                    *FLAGS,
                    f"--user-data-dir={profile}",
                    f"--use-file-for-fake-audio-capture={self.microphone}%noloop",
                    f"{address}/index.html?{urlencode(self.settings)}",
                ],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            try:
                record = records.get(timeout=WITHIN)
            finally:
                process.terminate()
                process.wait(timeout=10)
        assert "error" not in record, record["error"]
        return record

    def _bundle(self, driver: str, page: Path) -> None:
        """Put the driver, with the client it uses, and its page into a folder."""
        esbuild = self.modules / "esbuild" / "bin" / "esbuild"
        options = ("--bundle", "--format=iife", "--define:global=window", "--log-level=warning")
        done = subprocess.run(
            [self.node, str(esbuild), str(DRIVERS / driver), *options, f"--outfile={page / 'driver.js'}"],
            env={**os.environ, "NODE_PATH": str(self.modules)},
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        shutil.copy(DRIVERS / "page.html", page / "index.html")
