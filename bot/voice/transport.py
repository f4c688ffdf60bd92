"""Transport encryption between Discord's voice server and its clients: `aead_xchacha20_poly1305_rtpsize`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_decrypt
from nacl.exceptions import CryptoError

from bot.voice.rtp import NONCE_BYTES, BadPacket

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MODE: Final = "aead_xchacha20_poly1305_rtpsize"

_KEY_BYTES: Final = 32
_NONCE_TAIL: Final = bytes(20)


class TransportCipher:
    """Opens packets with whatever key is valid when they come.

    Args:
        key: gives the secret key now (32 numbers), or None while there is none. Asked for every packet: a reconnect changes it.
    """

    __slots__ = ("_key",)

    def __init__(self, key: Callable[[], Sequence[int] | None]) -> None:
        self._key = key

    def open(self, data: bytes, header_size: int) -> bytes:
        """The decrypted part of a packet: the last four bytes are the nonce, the header is authenticated.

        Raises:
            BadPacket: no key is known, or the packet was not made with it.
        """
        key = self._key()
        if key is None or len(key) != _KEY_BYTES:
            raise BadPacket("no transport key is known")
        try:
            return crypto_aead_xchacha20poly1305_ietf_decrypt(
                data[header_size:-NONCE_BYTES], data[:header_size], data[-NONCE_BYTES:] + _NONCE_TAIL, bytes(key)
            )
        except CryptoError as error:
            raise BadPacket("the packet was not made with the transport key") from error
