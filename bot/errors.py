"""Errors of the assistant, sorted by who can mend them. `str(error)` is a sentence for the person who meets it.

MinutesError
├── SettingsError          a setting is wrong or missing: the owner of the bot
├── RefusedError           what was asked for cannot be done now: the person in Discord
│   ├── NotInVoice         no voice channel was named and the person is in none
│   ├── MissingPermission  the bot may not do something here
│   ├── AlreadyMeeting     a meeting runs in this guild
│   └── NoMeeting          no meeting runs in this guild
├── VoiceError             the voice connection could not be made or kept
├── PostError              a message could not be sent; trying again may help
│   ├── PlaceGone          the thread or channel is gone, or the bot may not write there
│   └── PostRefused        Discord will not take this message, now or later
├── EngineError            the Streaming or Conversation API
│   ├── EngineDown         it does not answer
│   ├── EngineRefused      it answered with an error (`status`)
│   └── ProtocolError      it sent what cannot be read
└── StorageError           the data folder or the database cannot be written or read
"""

from __future__ import annotations


class MinutesError(Exception):
    """Anything that goes wrong in the assistant and that a person should be told."""


class SettingsError(MinutesError):
    """A setting is wrong or missing."""


class RefusedError(MinutesError):
    """What was asked for cannot be done now."""


class NotInVoice(RefusedError):
    """No voice channel was named and the person is in none."""


class MissingPermission(RefusedError):
    """The bot may not do something here."""


class AlreadyMeeting(RefusedError):
    """A meeting runs in this guild."""


class NoMeeting(RefusedError):
    """No meeting runs in this guild."""


class VoiceError(MinutesError):
    """The voice connection could not be made or kept."""


class PostError(MinutesError):
    """A message could not be sent; trying again may help. `retry_after`: seconds that Discord asks to wait."""

    def __init__(self, message: str, *, retry_after: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class PlaceGone(PostError):
    """The thread or channel is gone, or the bot may not write there."""


class PostRefused(PostError):
    """Discord will not take this message, now or later."""


class EngineError(MinutesError):
    """The Streaming or Conversation API."""


class EngineDown(EngineError):
    """The engine does not answer."""


class EngineRefused(EngineError):
    """The engine answered with an error."""

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


class ProtocolError(EngineError):
    """The engine sent what cannot be read."""


class StorageError(MinutesError):
    """The data folder or the database cannot be written or read."""
