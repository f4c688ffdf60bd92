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
    for name in _OURS:
        logging.getLogger(name).setLevel(logging.DEBUG if verbose else logging.INFO)
