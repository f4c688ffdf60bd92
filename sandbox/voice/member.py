"""A person's side of DAVE: their MLS session, driven by the messages of the voice server. No I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING

import davey

from sandbox.voice.opcodes import Op

if TYPE_CHECKING:
    from sandbox.voice.group import Payload

Reply = tuple[Op, "Payload"]


class DaveMember:
    """One person in one channel's group. New keys are used from op 22 on, when everybody else has them too."""

    def __init__(self, user_id: int, channel_id: int) -> None:
        self.user_id = user_id
        self.channel_id = channel_id
        self.session = davey.DaveSession(davey.DAVE_PROTOCOL_VERSION, user_id, channel_id)
        self._renewed: davey.DaveSession | None = None
        self._external_sender = b""
        self._staged: tuple[int, Op, bytes] | None = None

    @property
    def ready(self) -> bool:
        """Whether frames can be encrypted."""
        return self.session.ready

    def key_package(self) -> Reply:
        """What a client sends first."""
        return Op.KEY_PACKAGE, self.session.get_serialized_key_package()

    def renew(self) -> Reply:
        """Ask to be removed and added anew, with a fresh leaf; the old keys stay in use until then."""
        self._renewed = davey.DaveSession(davey.DAVE_PROTOCOL_VERSION, self.user_id, self.channel_id)
        self._renewed.set_external_sender(self._external_sender)
        return Op.KEY_PACKAGE, self._renewed.get_serialized_key_package()

    def receive(self, op: Op, payload: Payload) -> list[Reply]:
        """Answers to one message. Raises ValueError if davey refuses it."""
        if isinstance(payload, bytes):
            return self._binary(op, payload)
        if op is Op.PREPARE_EPOCH and payload.get("epoch") == 1:
            self._renewed = self._staged = None
            self.session.reinit(davey.DAVE_PROTOCOL_VERSION, self.user_id, self.channel_id)
            return [self.key_package()]
        if op is Op.EXECUTE_TRANSITION:
            self._execute(payload.get("transition_id"))
        return []

    def _binary(self, op: Op, payload: bytes) -> list[Reply]:
        if op is Op.EXTERNAL_SENDER:
            self._external_sender = payload
            self.session.set_external_sender(payload)
        elif op is Op.PROPOSALS:
            return self._proposals(payload)
        elif op in {Op.ANNOUNCE_COMMIT, Op.WELCOME}:
            number = int.from_bytes(payload[:2], "big")
            self._staged = (number, op, payload[2:])
            return [(Op.TRANSITION_READY, {"transition_id": number})]
        return []

    def _proposals(self, payload: bytes) -> list[Reply]:
        kinds = davey.ProposalsOperationType
        result = self.session.process_proposals(kinds.revoke if payload[0] else kinds.append, payload[1:])
        if result is None:
            return []
        return [(Op.COMMIT_WELCOME, result.commit + (result.welcome or b""))]

    def _execute(self, number: object) -> None:
        if self._staged is None or self._staged[0] != number:
            return
        _, op, body = self._staged
        self._staged = None
        if op is Op.WELCOME and self._renewed is not None:
            self._renewed.process_welcome(body)
            self.session, self._renewed = self._renewed, None
        elif op is Op.WELCOME:
            self.session.process_welcome(body)
        else:
            self.session.process_commit(body)
