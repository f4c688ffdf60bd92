"""Errors of the engine.

EngineFault
├── SettingsError     a setting is wrong or missing
├── ModelMissing      the speech model is not prepared and cannot be fetched
├── Overloaded        no room for one more stream
├── Unauthorized      a bad or missing token (REST and upgrade: 401)
├── Forbidden         the page of the browser was asked for access from elsewhere (403)
├── NotFound          no such conversation, or not yours (404)
├── BadRequest        a body or a query that cannot be read (400)
├── BadSound          sound that cannot be decoded: answered with an error frame, the socket stays open
└── BadFrame          a text frame that cannot be read: answered with an error frame, the socket stays open
"""

from __future__ import annotations


class EngineFault(Exception):
    """Anything the engine says no to; `str(error)` is a sentence for whoever asked."""


class SettingsError(EngineFault):
    """A setting is wrong or missing."""


class ModelMissing(EngineFault):
    """The speech model is not prepared and cannot be fetched."""


class Overloaded(EngineFault):
    """No room for one more stream."""


class Unauthorized(EngineFault):
    """A bad or missing token."""


class Forbidden(EngineFault):
    """Access that is given to this machine's own browser alone."""


class NotFound(EngineFault):
    """No such conversation, or not yours."""


class BadRequest(EngineFault):
    """A body or a query that cannot be read."""


class BadSound(EngineFault):
    """Sound that cannot be decoded."""


class BadFrame(EngineFault):
    """A text frame that cannot be read."""

    def __init__(self, message: str, details: str = "No additional details available.") -> None:
        super().__init__(message)
        self.details = details
