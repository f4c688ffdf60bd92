"""Runs the engine as a program: one port, a line when it is ready, an ending in order."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
import sys
import threading
from typing import TYPE_CHECKING, Final

import uvicorn

from engine.app import create_app
from engine.conversations.store import Store
from engine.errors import EngineFault, SettingsError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from fastapi import FastAPI

    from engine.credentials import Credentials
    from engine.recognition.types import Recognition
    from engine.settings import EngineSettings
    from engine.streaming.findings import InsightsFactory

MAX_FRAME: Final = 1 << 20
"""Bytes of one WebSocket message; documented frames of sound have 8,192."""
RECEIVE_BUFFER: Final = 1 << 14
"""Bytes of one connection that the system holds. By itself it would hold many minutes of sound that is sent faster than it was
spoken; so it waits with its sender, who then knows how far recognition is."""
PING_SECONDS: Final = 30.0
PONG_SECONDS: Final = 300.0
"""An answer may have to wait behind sound that is still on its way: systems hold some megabytes for their programs, which is minutes."""
LAST_SECONDS: Final = 2
"""How long requests may take to end once the conversations have."""


class EngineServer(uvicorn.Server):
    """uvicorn, but conversations end before sockets are cut, and a signal is a reason to stop, not an error."""

    def __init__(self, app: FastAPI, on_ready: Callable[[], None]) -> None:
        config = uvicorn.Config(
            app,
            log_level="warning",  # below that uvicorn writes addresses out, and a token may stand in them
            access_log=False,
            ws="websockets-sansio",
            ws_max_size=MAX_FRAME,
            ws_ping_interval=PING_SECONDS,
            ws_ping_timeout=PONG_SECONDS,
            ws_per_message_deflate=False,
            timeout_graceful_shutdown=LAST_SECONDS,
        )
        super().__init__(config)
        logging.getLogger("uvicorn.error").addFilter(_no_false_alarm)
        self._app = app
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the port, then say so."""
        await super().startup(sockets)
        if self.started:
            self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End what goes on, then close."""
        await self._app.state.hub.close()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Ask for an end at SIGINT, SIGTERM and, on Windows, SIGBREAK; the process then ends with 0."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        names = ("SIGINT", "SIGTERM", "SIGBREAK")
        signals = [getattr(signal, name) for name in names if hasattr(signal, name)]
        before = {one: signal.signal(one, self.handle_exit) for one in signals}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)


def _no_false_alarm(record: logging.LogRecord) -> bool:
    """For uvicorn each upgrade that was refused, with 401 for a bad token, is an error of the application: say nothing of it."""
    return record.getMessage() != "ASGI callable returned without completing handshake."


def settle() -> None:
    """What is loaded by now stays for good: the garbage collector need not walk through it in the middle of an answer."""
    gc.collect()
    gc.freeze()


def bind(host: str, port: int) -> socket.socket:
    """A listening port; 0 is any free one. Raises `SettingsError` with one sentence."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except OSError as error:
        raise SettingsError(f"ENGINE_HOST {host} is not an address of this machine ({error.strerror}).") from error
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
    if sys.platform != "win32":  # there it would let two programs share the port
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise SettingsError(
            f"Port {port} of {host} cannot be opened ({error.strerror}): stop what uses it, or set ENGINE_PORT to another."
        ) from error
    listener.setblocking(False)
    return listener


def address(host: str, listener: socket.socket) -> str:
    """Where clients on this machine find the port."""
    port = listener.getsockname()[1]
    reachable = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"


async def serve(
    settings: EngineSettings,
    credentials: Credentials,
    recognition: Callable[[EngineSettings], Awaitable[Recognition]],
    insights: InsightsFactory,
    listener: socket.socket,
    on_ready: Callable[[], None],
    *,
    parent_watch: bool = False,
) -> None:
    """Serve until a signal comes or, with `parent_watch`, until stdin is closed. Raises `SettingsError`, `ModelMissing`."""
    store = await Store.open(settings.data_dir / "engine" / "conversations.db")
    try:
        heard = await recognition(settings)
    except EngineFault:
        await store.close()
        raise

    def ready() -> None:
        settle()
        on_ready()

    server = EngineServer(create_app(settings, heard, insights, store, credentials=credentials), ready)
    if parent_watch:
        _watch_stdin(asyncio.get_running_loop(), server)
    await server.serve([listener])


def _watch_stdin(loop: asyncio.AbstractEventLoop, server: EngineServer) -> None:
    """Stop when the parent's end of the pipe is closed, which it is when the parent is gone, however it went."""

    def stop() -> None:
        server.should_exit = True

    def watch() -> None:
        with contextlib.suppress(OSError):  # a pipe that breaks is as closed as one that ends
            while os.read(sys.stdin.fileno(), 4096):
                pass
        with contextlib.suppress(RuntimeError):  # the loop has ended already
            loop.call_soon_threadsafe(stop)

    threading.Thread(target=watch, name="parent watch", daemon=True).start()
