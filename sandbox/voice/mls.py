"""The little of MLS (RFC 9420) that a delivery service reads: key packages, commits and welcomes, without any cryptography."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

MLS10 = 1
"""ProtocolVersion mls10 (RFC 9420 section 6)."""
WIRE_PUBLIC_MESSAGE = 1
"""WireFormat mls_public_message (section 17.2)."""
SUITE = 2
"""MLS_128_DHKEMP256_AES128GCM_SHA256_P256 (section 17.1), the suite of DAVE version 1."""
CREDENTIAL_BASIC = 1
SENDER_MEMBER, SENDER_EXTERNAL = 1, 2
CONTENT_PROPOSAL, CONTENT_COMMIT = 2, 3
PROPOSAL_ADD, PROPOSAL_REMOVE = 1, 3
LEAF_SOURCE_KEY_PACKAGE, LEAF_SOURCE_COMMIT = 1, 3
BY_REFERENCE = 2
"""ProposalOrRef reference (section 12.4)."""
FOREVER = (0, 2**64 - 1)
"""The lifetime that DAVE asks of every key package."""


class MlsError(ValueError):
    """Bytes that are not what MLS says should stand here."""


def uint(value: int, size: int) -> bytes:
    """An unsigned integer of `size` bytes, big-endian (section 2.1)."""
    return value.to_bytes(size, "big")


def vector(data: bytes) -> bytes:
    """A variable-size vector: its length as a variable-length integer, then its bytes (section 2.1.2)."""
    length = len(data)
    if length < 1 << 6:
        return uint(length, 1) + data
    if length < 1 << 14:
        return uint(length | 1 << 14, 2) + data
    if length < 1 << 30:
        return uint(length | 2 << 30, 4) + data
    raise MlsError(f"A vector of {length} bytes is longer than MLS can say.")


def reference(label: str, value: bytes) -> bytes:
    """RefHash of a key package or a proposal (section 5.2)."""
    return hashlib.sha256(vector(label.encode()) + vector(value)).digest()


class Reader:
    """Reads the TLS presentation language (section 2.1) from the front; raises MlsError when the bytes end too early."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0

    def take(self, size: int) -> bytes:
        """The next `size` bytes."""
        end = self.position + size
        if end > len(self.data):
            raise MlsError(f"The message ends {end - len(self.data)} bytes too early.")
        piece = self.data[self.position : end]
        self.position = end
        return piece

    def uint(self, size: int) -> int:
        """An unsigned integer of `size` bytes."""
        return int.from_bytes(self.take(size), "big")

    def vector(self) -> bytes:
        """The bytes of a variable-size vector; its length must be in the shortest form (section 2.1.2)."""
        first = self.uint(1)
        prefix = first >> 6
        if prefix == 3:
            raise MlsError("A vector's length has the prefix 3, which MLS forbids.")
        length = first & 0x3F
        for _ in range((1 << prefix) - 1):
            length = length << 8 | self.uint(1)
        if prefix and length < 1 << (8 * (1 << (prefix - 1)) - 2):
            raise MlsError("A vector's length is not in its shortest form.")
        return self.take(length)

    def expect(self, value: int, size: int, name: str) -> None:
        """Read an integer that must have this value."""
        found = self.uint(size)
        if found != value:
            raise MlsError(f"{name} is {found}, not {value}.")

    @property
    def ended(self) -> bool:
        """Whether nothing is left."""
        return self.position >= len(self.data)

    @property
    def rest(self) -> bytes:
        """What has not been read yet."""
        return self.data[self.position :]


@dataclass(frozen=True, slots=True)
class LeafNode:
    """A member's leaf (section 7.2), as far as a delivery service looks at it."""

    identity: bytes
    lifetime: tuple[int, int] | None
    """Not before, not after; only in a leaf from a key package."""


@dataclass(frozen=True, slots=True)
class KeyPackage:
    """A key package (section 10) and the user that its credential names."""

    raw: bytes
    user_id: int
    lifetime: tuple[int, int] | None

    @property
    def reference(self) -> bytes:
        """KeyPackageRef (section 5.2)."""
        return reference("MLS 1.0 KeyPackage Reference", self.raw)


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit in a PublicMessage (sections 6.2 and 12.4)."""

    raw: bytes
    group_id: bytes
    epoch: int
    sender: int
    """Leaf index of the member that committed."""
    references: tuple[bytes, ...]
    """The proposals that it covers, in its order."""


@dataclass(frozen=True, slots=True)
class Welcome:
    """A Welcome (section 12.4.3.1): one secret a new member, and the group's information for all of them."""

    suite: int
    secrets: dict[bytes, bytes]
    """KeyPackageRef to the EncryptedGroupSecrets of that member, as they stand in the message."""
    group_info: bytes

    def only_for(self, key_package: KeyPackage) -> bytes:
        """The same Welcome with the secrets of one new member alone; raises MlsError if it has none for them."""
        secrets = self.secrets.get(key_package.reference)
        if secrets is None:
            raise MlsError(f"The welcome holds nothing for user {key_package.user_id}.")
        return uint(self.suite, 2) + vector(secrets) + vector(self.group_info)


def _leaf_node(reader: Reader) -> LeafNode:
    reader.vector()  # encryption_key
    reader.vector()  # signature_key
    reader.expect(CREDENTIAL_BASIC, 2, "The credential type")
    identity = reader.vector()
    for _ in range(5):  # capabilities: versions, suites, extensions, proposals, credentials
        reader.vector()
    source = reader.uint(1)
    lifetime = None
    if source == LEAF_SOURCE_KEY_PACKAGE:
        lifetime = (reader.uint(8), reader.uint(8))
    elif source == LEAF_SOURCE_COMMIT:
        reader.vector()  # parent_hash
    reader.vector()  # extensions
    reader.vector()  # signature
    return LeafNode(identity, lifetime)


def read_key_package(data: bytes) -> KeyPackage:
    """A bare KeyPackage, not wrapped in an MLSMessage, with nothing after it (the body of op 26)."""
    reader = Reader(data)
    reader.expect(MLS10, 2, "The MLS version")
    reader.expect(SUITE, 2, "The cipher suite")
    reader.vector()  # init_key
    leaf = _leaf_node(reader)
    reader.vector()  # extensions
    reader.vector()  # signature
    if not reader.ended:
        raise MlsError(f"{len(reader.rest)} bytes follow the key package.")
    if len(leaf.identity) != 8:
        raise MlsError(f"The identity has {len(leaf.identity)} bytes, not the 8 of a user id.")
    return KeyPackage(data, int.from_bytes(leaf.identity, "big"), leaf.lifetime)


def split_commit(data: bytes) -> tuple[Commit, bytes]:
    """A commit and what follows it: op 28 carries a Welcome right after the commit, with nothing between."""
    reader = Reader(data)
    reader.expect(MLS10, 2, "The MLS version")
    reader.expect(WIRE_PUBLIC_MESSAGE, 2, "The wire format")
    group_id, epoch = reader.vector(), reader.uint(8)
    reader.expect(SENDER_MEMBER, 1, "The sender type of the commit")
    sender = reader.uint(4)
    reader.vector()  # authenticated_data
    reader.expect(CONTENT_COMMIT, 1, "The content type")
    references: list[bytes] = []
    proposals = Reader(reader.vector())
    while not proposals.ended:
        proposals.expect(BY_REFERENCE, 1, "The form of a proposal in the commit")  # DAVE allows no proposal by value
        references.append(proposals.vector())
    if reader.uint(1):  # optional<UpdatePath> (section 7.6)
        _leaf_node(reader)
        reader.vector()  # nodes
    reader.vector()  # signature
    reader.vector()  # confirmation_tag
    reader.vector()  # membership_tag
    return Commit(data[: reader.position], group_id, epoch, sender, tuple(references)), reader.rest


def read_welcome(data: bytes) -> Welcome:
    """A bare Welcome with nothing after it."""
    reader = Reader(data)
    suite = reader.uint(2)
    members = Reader(reader.vector())
    secrets: dict[bytes, bytes] = {}
    while not members.ended:
        begin = members.position
        new_member = members.vector()
        members.vector()  # kem_output
        members.vector()  # ciphertext
        secrets[new_member] = members.data[begin : members.position]
    group_info = reader.vector()
    if not reader.ended:
        raise MlsError(f"{len(reader.rest)} bytes follow the welcome.")
    return Welcome(suite, secrets, group_info)
