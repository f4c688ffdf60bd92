"""Who is in a channel's end-to-end group, and the rounds of messages that bring the group there. No I/O.

Somebody comes: op 25 to them, op 26 from them, op 27 to the members, op 28 from whoever commits first, op 29 to the members and op 30 to
the newcomer, op 23 from all of them, op 22 to all of them. Only then the next round begins.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.voice.dave import DaveRefused, DeliveryService, Proposal, append_payload, revoke_payload
from sandbox.voice.opcodes import Op

PROTOCOL_VERSION = 1
Payload = bytes | Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Message:
    """Something to send to one user: bytes for binary opcodes, an object for the others."""

    user_id: int
    op: Op
    payload: Payload


@dataclass(slots=True)
class Round:
    """Proposals that wait for a commit."""

    proposals: tuple[Proposal, ...]
    sent: dict[int, tuple[Proposal, ...]]
    """To whom which of them went: nobody is told of their own Add."""
    adds: frozenset[int]


@dataclass(slots=True)
class Transition:
    """A new epoch that waits until everybody has its keys."""

    number: int
    told: tuple[int, ...]
    waiting: set[int] = field(default_factory=set)


class Group:
    """The rounds of one channel. Every method returns the messages that it causes, in order."""

    def __init__(self, channel_id: int, service: DeliveryService | None = None) -> None:
        self.service = service or DeliveryService(channel_id)
        self.transition: Transition | None = None
        self._round: Round | None = None
        self._present: dict[int, None] = {}
        self._transitions = 0

    @property
    def present(self) -> tuple[int, ...]:
        """Everybody who takes part, whether in the group already or not."""
        return tuple(self._present)

    @property
    def idle(self) -> bool:
        """No round and no transition is under way."""
        return self._round is None and self.transition is None

    def enter(self, user_id: int) -> list[Message]:
        """Somebody who speaks DAVE has come: their key package may follow."""
        self._present[user_id] = None
        return [Message(user_id, Op.EXTERNAL_SENDER, self.service.external_sender())]

    def depart(self, user_id: int) -> list[Message]:
        """Somebody has gone: a round that would add them, or that nobody can commit any more, is taken back."""
        self._present.pop(user_id, None)
        self.service.forget(user_id)
        messages: list[Message] = []
        if self._round:
            self._round.sent.pop(user_id, None)
            if user_id in self._round.adds or not self._round.sent:
                messages += self._take_back()
        return messages + self._answered(user_id) + self._advance()

    def receive(self, user_id: int, op: Op, payload: Payload) -> list[Message]:
        """A DAVE message from somebody. Raises DaveRefused for one that does not count; the group goes on without it."""
        if user_id not in self._present:
            raise DaveRefused(f"User {user_id} is not in the channel.")
        if isinstance(payload, bytes):
            if op is Op.KEY_PACKAGE:
                self.service.add_key_package(user_id, payload)
                return self._answered(user_id) + self._advance()
            if op is Op.COMMIT_WELCOME:
                return self._commit(user_id, payload)
        elif op in {Op.TRANSITION_READY, Op.INVALID_COMMIT}:
            if self.transition and payload.get("transition_id") == self.transition.number:
                return self._answered(user_id) + self._advance()
            return []
        raise DaveRefused(f"User {user_id} sent op {op.value} in a form that means nothing.")

    def expire(self, number: int) -> list[Message]:
        """Stop waiting for those who have not answered a transition."""
        if self.transition is None or self.transition.number != number:
            return []
        self.transition.waiting.clear()
        return self._execute() + self._advance()

    def restart(self) -> list[Message]:
        """Begin a new group: everybody drops the old one and sends a new key package (op 24 with epoch 1)."""
        self.service.reset()
        self._round = self.transition = None
        messages: list[Message] = []
        for user_id in self._present:
            messages.append(Message(user_id, Op.PREPARE_EPOCH, {"protocol_version": PROTOCOL_VERSION, "epoch": 1}))
            messages.append(Message(user_id, Op.PREPARE_TRANSITION, {"protocol_version": PROTOCOL_VERSION, "transition_id": 0}))
        return messages

    def _advance(self) -> list[Message]:
        """Open the next round, if the group is not what the channel is."""
        if not self.idle:
            return []
        pending = [u for u in self.service.pending if u in self._present]
        members = self.service.members
        if not members:
            return self._found(pending) if len(pending) > 1 else []
        staying = [u for u in members if u in self._present and u not in pending]
        if not staying or len(self._present) == 1:
            return self.restart()
        removes = [self.service.propose_remove(u) for u in members if u not in staying]
        adds = [self.service.propose_add(u) for u in pending]
        proposals = (*removes, *adds)
        return self._open(proposals, dict.fromkeys(staying, proposals), pending) if proposals else []

    def _found(self, pending: list[int]) -> list[Message]:
        """The first epoch: each one is told to add all the others, and any of them may be the founder."""
        proposals = tuple(self.service.propose_add(user_id) for user_id in pending)
        sent = {u: tuple(p for p in proposals if p.user_id != u) for u in pending}
        return self._open(proposals, sent, pending)

    def _open(self, proposals: tuple[Proposal, ...], sent: dict[int, tuple[Proposal, ...]], adds: list[int]) -> list[Message]:
        self._round = Round(proposals, sent, frozenset(adds))
        return [Message(user_id, Op.PROPOSALS, append_payload(theirs)) for user_id, theirs in sent.items()]

    def _take_back(self) -> list[Message]:
        assert self._round is not None
        sent, self._round = self._round.sent, None
        self.service.revoke()
        return [Message(user_id, Op.PROPOSALS, revoke_payload(theirs)) for user_id, theirs in sent.items()]

    def _commit(self, user_id: int, payload: bytes) -> list[Message]:
        accepted = self.service.accept_commit(user_id, payload)
        if accepted is None:
            return []
        self._round = None
        self._transitions = self._transitions % 0xFFFF + 1
        number = self._transitions.to_bytes(2, "big")
        renewing = self.service.pending  # they wait to be added anew and have dropped this group
        old = [u for u in self.service.members if u not in accepted.welcomes and u in self._present and u not in renewing]
        messages = [Message(u, Op.ANNOUNCE_COMMIT, number + accepted.commit) for u in old]
        messages += [Message(u, Op.WELCOME, number + welcome) for u, welcome in accepted.welcomes.items()]
        told = (*old, *accepted.welcomes)
        self.transition = Transition(self._transitions, told, set(told))
        return messages

    def _answered(self, user_id: int) -> list[Message]:
        """This user holds the transition up no longer: they are ready, begin anew, or have gone."""
        if self.transition is None:
            return []
        self.transition.waiting.discard(user_id)
        return [] if self.transition.waiting else self._execute()

    def _execute(self) -> list[Message]:
        assert self.transition is not None
        transition, self.transition = self.transition, None
        told = [user_id for user_id in transition.told if user_id in self._present]
        return [Message(u, Op.EXECUTE_TRANSITION, {"transition_id": transition.number}) for u in told]
