"""The delivery service of one channel's MLS group: the external sender of DAVE version 1, without I/O.

The voice server is no member of the group. It proposes who joins and leaves (RFC 9420 section 12.1.8), the members commit, and it
decides which commit counts. See https://daveprotocol.com for the opcodes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sandbox.voice import mls

if TYPE_CHECKING:
    from collections.abc import Iterable

APPEND, REVOKE = b"\0", b"\1"
"""ProposalsOperationType, the first byte of op 27."""


class DaveRefused(ValueError):
    """A member sent something that the delivery service does not accept."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """An Add or a Remove that the external sender has signed."""

    message: bytes
    """The MLSMessage."""
    reference: bytes
    """ProposalRef (RFC 9420 section 5.2)."""
    kind: int
    user_id: int


@dataclass(frozen=True, slots=True)
class Accepted:
    """A commit that ended an epoch."""

    commit: bytes
    """For those who were members before: the body of op 29 after the transition id."""
    welcomes: dict[int, bytes]
    """For each new member: the body of op 30 after the transition id."""


class DeliveryService:
    """What the voice server knows of one channel's group. Epoch 0 means that there is no group yet."""

    def __init__(self, channel_id: int, *, private_key: ec.EllipticCurvePrivateKey | None = None) -> None:
        self.channel_id = channel_id
        self.epoch = 0
        self._private_key = private_key or ec.generate_private_key(ec.SECP256R1())
        self._leaves: list[int | None] = []  # leaf index to user id
        self._proposals: dict[bytes, Proposal] = {}  # by reference, those of this epoch
        self._key_packages: dict[int, mls.KeyPackage] = {}

    @property
    def group_id(self) -> bytes:
        """The channel id: DAVE names the group after it."""
        return mls.uint(self.channel_id, 8)

    @property
    def members(self) -> tuple[int, ...]:
        """The users in the group, by leaf."""
        return tuple(user_id for user_id in self._leaves if user_id is not None)

    @property
    def pending(self) -> tuple[int, ...]:
        """The users whose key package waits for an Add."""
        return tuple(self._key_packages)

    def external_sender(self) -> bytes:
        """The body of op 25: ExternalSender (RFC 9420 section 12.1.8.1), key as an uncompressed point."""
        public = self._private_key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return mls.vector(public) + mls.uint(mls.CREDENTIAL_BASIC, 2) + mls.vector(b"minutes-sandbox")

    def add_key_package(self, user_id: int, payload: bytes) -> None:
        """Keep the key package of op 26; a second one takes the place of the first."""
        try:
            package = mls.read_key_package(payload)
        except mls.MlsError as error:
            raise DaveRefused(f"The key package of user {user_id} cannot be read: {error}") from error
        if package.user_id != user_id:
            raise DaveRefused(f"User {user_id} sent a key package of user {package.user_id}.")
        if package.lifetime != mls.FOREVER:
            raise DaveRefused(f"The key package of user {user_id} has the lifetime {package.lifetime}, not 0 to 2^64-1.")
        self._key_packages[user_id] = package

    def forget(self, user_id: int) -> None:
        """Drop the key package of somebody who has gone."""
        self._key_packages.pop(user_id, None)

    def propose_add(self, user_id: int) -> Proposal:
        """Propose that a user with a key package becomes a member."""
        package = self._key_packages.get(user_id)
        if package is None:
            raise DaveRefused(f"User {user_id} has sent no key package.")
        return self._propose(mls.PROPOSAL_ADD, package.raw, user_id)

    def propose_remove(self, user_id: int) -> Proposal:
        """Propose that a member is removed."""
        if user_id not in self._leaves:
            raise DaveRefused(f"User {user_id} is not in the group.")
        return self._propose(mls.PROPOSAL_REMOVE, mls.uint(self._leaves.index(user_id), 4), user_id)

    def _propose(self, kind: int, body: bytes, user_id: int) -> Proposal:
        content = (  # FramedContent (section 6)
            mls.vector(self.group_id)
            + mls.uint(self.epoch, 8)
            + mls.uint(mls.SENDER_EXTERNAL, 1)
            + mls.uint(0, 4)  # index among the group's external senders
            + mls.vector(b"")
            + mls.uint(mls.CONTENT_PROPOSAL, 1)
            + mls.uint(kind, 2)
            + body
        )
        framed = mls.uint(mls.WIRE_PUBLIC_MESSAGE, 2) + content
        # SignWithLabel (section 5.1.2) over FramedContentTBS (section 6.1); an external sender has no group context in it.
        signed = mls.vector(b"MLS 1.0 FramedContentTBS") + mls.vector(mls.uint(mls.MLS10, 2) + framed)
        authenticated = framed + mls.vector(self._private_key.sign(signed, ec.ECDSA(hashes.SHA256())))
        proposal = Proposal(
            message=mls.uint(mls.MLS10, 2) + authenticated,
            reference=mls.reference("MLS 1.0 Proposal Reference", authenticated),
            kind=kind,
            user_id=user_id,
        )
        self._proposals[proposal.reference] = proposal
        return proposal

    def revoke(self) -> None:
        """Forget all proposals of this epoch: no commit can cover them any more."""
        self._proposals.clear()

    def accept_commit(self, user_id: int, payload: bytes) -> Accepted | None:
        """End the epoch with the commit of op 28; None if it is late and another commit has ended its epoch.

        Raises DaveRefused if it is not the commit of a member (or, in epoch 0, of a user with a key package) over exactly the
        proposals of this epoch.
        """
        try:
            commit, rest = mls.split_commit(payload)
            welcome = mls.read_welcome(rest) if rest else None
        except mls.MlsError as error:
            raise DaveRefused(f"The commit of user {user_id} cannot be read: {error}") from error
        if commit.group_id != self.group_id:
            raise DaveRefused(f"User {user_id} committed to another group.")
        if commit.epoch != self.epoch:
            return None
        leaves = self._leaves if self.epoch else [user_id]
        if commit.sender >= len(leaves) or leaves[commit.sender] != user_id:
            raise DaveRefused(f"User {user_id} committed from leaf {commit.sender}, which is not theirs.")
        # Whoever founds the group is in it already: the Add of themselves was not sent to them.
        needed = {r for r, p in self._proposals.items() if self.epoch or p.user_id != user_id}
        if not needed or set(commit.references) != needed:
            raise DaveRefused(f"The commit of user {user_id} does not cover exactly the proposals of epoch {self.epoch}.")
        covered = [self._proposals[r] for r in commit.references]
        added = [p.user_id for p in covered if p.kind == mls.PROPOSAL_ADD]
        if bool(added) != (welcome is not None):
            raise DaveRefused(f"The commit of user {user_id} adds {len(added)} members and has a welcome for {int(bool(rest))}.")
        try:
            welcomes = {u: welcome.only_for(self._key_packages[u]) for u in added} if welcome else {}
        except mls.MlsError as error:
            raise DaveRefused(f"The welcome of user {user_id} does not fit: {error}") from error
        self._leaves = self._applied(leaves, covered)
        self._end_epoch(user_id, added)
        return Accepted(commit.raw, welcomes)

    @staticmethod
    def _applied(leaves: list[int | None] | list[int], proposals: Iterable[Proposal]) -> list[int | None]:
        """The leaves after removes, then adds at the leftmost blank leaf (RFC 9420 sections 12.3 and 12.1.1)."""
        changed: list[int | None] = list(leaves)
        ordered = sorted(proposals, key=lambda proposal: proposal.kind != mls.PROPOSAL_REMOVE)
        for proposal in ordered:
            if proposal.kind == mls.PROPOSAL_REMOVE:
                changed[changed.index(proposal.user_id)] = None
                while changed and changed[-1] is None:
                    changed.pop()
            elif None in changed:
                changed[changed.index(None)] = proposal.user_id
            else:
                changed.append(proposal.user_id)
        return changed

    def _end_epoch(self, committer: int, added: Iterable[int]) -> None:
        first = self.epoch == 0
        self.epoch += 1
        self._proposals.clear()
        for user_id in (*added, *((committer,) if first else ())):
            self._key_packages.pop(user_id, None)

    def reset(self) -> None:
        """Begin anew: no group, no proposals, no key packages (op 24 with epoch 1 goes with it)."""
        self.epoch = 0
        self._leaves = []
        self._proposals.clear()
        self._key_packages.clear()


def append_payload(proposals: Iterable[Proposal]) -> bytes:
    """The body of op 27 that brings proposals."""
    return APPEND + mls.vector(b"".join(proposal.message for proposal in proposals))


def revoke_payload(proposals: Iterable[Proposal]) -> bytes:
    """The body of op 27 that takes proposals back."""
    return REVOKE + mls.vector(b"".join(mls.vector(proposal.reference) for proposal in proposals))
