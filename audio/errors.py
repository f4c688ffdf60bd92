"""Errors of sound.

AudioError
├── LibopusMissing      no libopus can be loaded
├── OpusError           a packet that is not Opus, or that the codec refuses
├── UnsupportedFormat   a rate, channel count or encoding that is not spoken here
├── UnreadableFile      a sound file that cannot be opened or decoded
└── NoMicrophone        none is there, or it cannot be heard as asked
"""

from __future__ import annotations


class AudioError(Exception):
    """Something about the sound itself."""


class LibopusMissing(AudioError):
    """No libopus can be loaded on this machine."""


class OpusError(AudioError):
    """The codec refused a packet or a setting."""


class UnsupportedFormat(AudioError):
    """A rate, channel count or encoding that is not spoken here."""


class UnreadableFile(AudioError):
    """A sound file that cannot be opened or decoded."""


class NoMicrophone(AudioError):
    """None is there, or it cannot be heard as asked; the message says what to do."""
