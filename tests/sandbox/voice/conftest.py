"""A voice server with a certificate of its own, and clients for it."""

from __future__ import annotations

import datetime
import ipaddress
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import numpy as np
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from sandbox.log import EventLog
from sandbox.voice.server import VoiceServer
from tests.sandbox.voice.client import ScriptedClient

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from numpy.typing import NDArray


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Certificate and private key for 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "voice")])
    now = datetime.datetime.now(datetime.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    pem, private = folder / "certificate.pem", folder / "key.pem"
    pem.write_bytes(built.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return pem, private


class Stage:
    """Servers and clients that are taken down at the end of a test."""

    def __init__(self, certificate: tuple[Path, Path], stack: AsyncExitStack) -> None:
        self._certificate, self._stack = certificate, stack

    async def server(self, **settings: object) -> VoiceServer:
        pem, key = self._certificate
        server = VoiceServer(EventLog(), certificate=pem, key=key, **settings)
        await server.start()
        self._stack.push_async_callback(server.stop)
        return server

    async def client(self, server: VoiceServer, user_id: int, channel_id: int) -> ScriptedClient:
        return await self._stack.enter_async_context(ScriptedClient(server, self._certificate[0], user_id, channel_id))


@pytest.fixture
async def stage(certificate: tuple[Path, Path]) -> AsyncIterator[Stage]:
    async with AsyncExitStack() as stack:
        yield Stage(certificate, stack)


@pytest.fixture
def tone() -> NDArray[np.int16]:
    """0.6 s of 440 Hz at 16 kHz."""
    return (8000 * np.sin(2 * np.pi * 440 * np.arange(9600) / 16000)).astype(np.int16)
