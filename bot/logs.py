"""The log: one line format, to stderr. Secrets never come here, words of a meeting only at DEBUG."""

from __future__ import annotations

import logging
import sys

_FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
_OURS = ("bot", "cogs")
_QUIET = ("discord", "httpx", "httpcore", "websockets", "alembic", "asyncio")
"""Libraries that tell more than an owner wants to read; discord.py's DEBUG lines would even hold the token."""


def set_up(*, verbose: bool) -> None:
    """`verbose`: DEBUG for Minutes itself, which includes what people say."""
    logging.basicConfig(level=logging.INFO, format=_FORMAT, stream=sys.stderr, force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("discord.client").addFilter(_shorten)
    for name in _OURS:
        logging.getLogger(name).setLevel(logging.DEBUG if verbose else logging.INFO)


def _shorten(record: logging.LogRecord) -> bool:
    """A lost connection is an everyday thing: its reason is enough, without the trace."""
    if record.exc_info and record.exc_info[1] is not None and record.msg.startswith("Attempting a reconnect"):
        reason = str(record.exc_info[1]) or type(record.exc_info[1]).__name__
        record.msg, record.args = "%s (%s)", (record.getMessage(), reason)
        record.exc_info = None
    return True
