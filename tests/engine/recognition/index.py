"""A package index on this machine."""

from __future__ import annotations

import contextlib
import functools
import http.server
import json
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Index(http.server.SimpleHTTPRequestHandler):
    """Files of a folder; a project's page is JSON or HTML, by the name of the file that lies there."""

    def do_GET(self) -> None:
        if self.path.endswith("/"):
            for name, kind in (("index.json", "application/vnd.pypi.simple.v1+json"), ("page.html", "text/html")):
                file = f"{self.directory}{self.path}{name}"
                try:
                    with open(file, "rb") as opened:  # noqa: PTH123 - a path as the request spells it
                        body = opened.read()
                except FileNotFoundError:
                    continue
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                return
            self.send_error(404)
            return
        super().do_GET()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that http.server gives it
        pass


@contextlib.contextmanager
def serving(root: Path) -> Iterator[str]:
    """The address at which a folder is served as an index."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Index, directory=str(root)))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def offer(root: Path, package: str, filename: str, content: bytes, *, html: bool = False, told: str = "") -> None:
    """Put a file into an index; `told` is the SHA-256 that its page tells, if it tells one."""
    folder = root / package
    folder.mkdir(exist_ok=True)
    (folder / filename).write_bytes(content)
    if html:
        hint = f"#sha256={told}" if told else ""
        (folder / "page.html").write_text(
            f'<html><body><a href="other.whl">o</a><a href="../{package}/{filename}{hint}">x</a></body></html>'
        )
    else:
        files = [
            {"filename": "other.whl", "url": "other.whl", "hashes": {}},
            {"filename": filename, "url": f"/{package}/{filename}", "hashes": {"sha256": told} if told else {}},
        ]
        (folder / "index.json").write_text(json.dumps({"meta": {"api-version": "1.1"}, "name": package, "files": files}))
