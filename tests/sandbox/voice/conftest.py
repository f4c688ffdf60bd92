"""A voice server with a certificate of its own, and clients for it."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import numpy as np
import pytest

from sandbox.certificate import Certificate, make_certificate
from sandbox.log import EventLog
from sandbox.voice.server import VoiceServer
from tests.sandbox.voice.client import ScriptedClient

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from numpy.typing import NDArray

    from sandbox.log import Event
    from sandbox.voice.channel import Committer
    from sandbox.voice.impairments import Impairments


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("tls"))


def number(event: Event, name: str) -> float:
    """A field of an event that is a number."""
    value = event[name]
    assert isinstance(value, (int, float))
    return value


def people(event: Event) -> set[int]:
    """The members that an event names."""
    members = event["members"]
    assert isinstance(members, tuple)
    return set(members)


class Stage:
    """Servers and clients that are taken down at the end of a test."""

    def __init__(self, certificate: Certificate, stack: AsyncExitStack) -> None:
        self._certificate, self._stack = certificate, stack

    async def server(
        self,
        *,
        dave: bool = True,
        announce_speaking: bool = True,
        impairments: Impairments | None = None,
        seed: int = 0,
        committer: Committer = "any",
        freeze_timestamps: bool = False,
    ) -> VoiceServer:
        server = VoiceServer(
            EventLog(),
            certificate=self._certificate.certificate,
            key=self._certificate.key,
            dave=dave,
            announce_speaking=announce_speaking,
            impairments=impairments,
            seed=seed,
            committer=committer,
            freeze_timestamps=freeze_timestamps,
        )
        await server.start()
        self._stack.push_async_callback(server.stop)
        return server

    async def client(self, server: VoiceServer, user_id: int, channel_id: int) -> ScriptedClient:
        return await self._stack.enter_async_context(ScriptedClient(server, self._certificate.certificate, user_id, channel_id))


@pytest.fixture
async def stage(certificate: Certificate) -> AsyncIterator[Stage]:
    async with AsyncExitStack() as stack:
        yield Stage(certificate, stack)


@pytest.fixture
def tone() -> NDArray[np.int16]:
    """0.6 s of 440 Hz at 16 kHz."""
    return (8000 * np.sin(2 * np.pi * 440 * np.arange(9600) / 16000)).astype(np.int16)
