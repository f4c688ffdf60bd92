"""A reader of Discord's Markdown that knows what is literal and what is alive."""

import re

ESCAPE = re.compile(r"\\([^0-9A-Za-z\s])")
ALIVE = re.compile(r"[\\*_~`|<\[\]]|^\s*(?:#{1,3}|-#|[-*+]|\d+[.)]|>)\s|:[\w+-]+:|https?://|@(?:everyone|here|\w)")


def shown(text: str) -> str:
    """What a reader sees of text without formatting."""
    return ESCAPE.sub(r"\1", text).replace("\u200b", "")


def alive(text: str) -> list[str]:
    """The marks that would format, link or mention something."""
    return ALIVE.findall(ESCAPE.sub("\ufffc", text))
