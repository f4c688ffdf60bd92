"""One client's session with the voice gateway, version 8: what it may say when, numbered frames, resume. No I/O."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from sandbox.voice.opcodes import CloseCode, Op
from sandbox.voice.rtp import MODES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.voice.group import Payload

HEARTBEAT_SECONDS = 13.75
REPLAYABLE = 256
"""How many numbered frames are kept for a resume."""
_DAVE_FROM_CLIENT = {Op.KEY_PACKAGE, Op.COMMIT_WELCOME}
_DAVE_JSON_FROM_CLIENT = {Op.TRANSITION_READY, Op.INVALID_COMMIT}

Frame = str | bytes


class Closing(Exception):
    """The connection must be closed with this code."""

    def __init__(self, code: CloseCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Identify:
    """Op 0: who the client says it is."""

    server_id: int
    user_id: int
    session_id: str
    token: str
    dave_version: int


@dataclass(frozen=True, slots=True)
class Resume:
    """Op 7: go on with an earlier session after frame `seq_ack`."""

    server_id: int
    session_id: str
    token: str
    seq_ack: int


@dataclass(frozen=True, slots=True)
class SelectProtocol:
    """Op 1: the client knows its address and has chosen an encryption mode."""

    mode: str


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Op 3."""

    nonce: object


@dataclass(frozen=True, slots=True)
class Speaking:
    """Op 5 from a client: it may now send voice from this SSRC."""

    ssrc: int
    speaking: int


@dataclass(frozen=True, slots=True)
class DaveMessage:
    """Ops 23, 26, 28 and 31."""

    op: Op
    payload: Payload


ClientEvent = Identify | Resume | SelectProtocol | Heartbeat | Speaking | DaveMessage


class Phase(Enum):
    """How far the handshake has come."""

    NEW = 0
    IDENTIFIED = 1
    DESCRIBED = 2


class VoiceSession:
    """Reads a client's frames and makes the server's."""

    def __init__(self) -> None:
        self.phase = Phase.NEW
        self.sequence = -1
        self._sent: deque[Frame] = deque(maxlen=REPLAYABLE)

    def receive(self, frame: Frame) -> ClientEvent:
        """What one frame says; raises Closing if it may not be said, or not now."""
        if isinstance(frame, bytes):
            return self._binary(frame)
        try:
            message = json.loads(frame)
            op, data = Op(message["op"]), message.get("d")
        except (json.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
            raise Closing(CloseCode.BAD_PAYLOAD, "The message is no JSON object with an op.") from error
        except ValueError as error:
            raise Closing(CloseCode.UNKNOWN_OPCODE, "There is no such op.") from error
        if not isinstance(data, dict):
            raise Closing(CloseCode.BAD_PAYLOAD, f"Op {op.value} needs an object.")
        try:
            return self._message(op, data)
        except (KeyError, TypeError, ValueError) as error:
            raise Closing(CloseCode.BAD_PAYLOAD, f"Op {op.value} lacks {error}.") from error

    def _message(self, op: Op, data: Mapping[str, object]) -> ClientEvent:
        if op is Op.HEARTBEAT:
            return Heartbeat(data["t"])
        if op in {Op.IDENTIFY, Op.RESUME}:
            if self.phase is not Phase.NEW:
                raise Closing(CloseCode.ALREADY_AUTHENTICATED, "The client has identified already.")
            server, session, token = int(str(data["server_id"])), str(data["session_id"]), str(data["token"])
            if op is Op.RESUME:
                return Resume(server, session, token, int(str(data.get("seq_ack", -1))))
            version = int(str(data.get("max_dave_protocol_version", 0)))
            return Identify(server, int(str(data["user_id"])), session, token, version)
        if self.phase is Phase.NEW:
            raise Closing(CloseCode.NOT_AUTHENTICATED, "The client has not identified.")
        if op is Op.SELECT_PROTOCOL:
            return self._select(data)
        if op is Op.SPEAKING:
            return Speaking(int(str(data["ssrc"])), int(str(data["speaking"])))
        if op in _DAVE_JSON_FROM_CLIENT:
            return DaveMessage(op, data)
        raise Closing(CloseCode.UNKNOWN_OPCODE, f"Clients do not send op {op.value}.")

    @staticmethod
    def _select(data: Mapping[str, object]) -> SelectProtocol:
        if data["protocol"] != "udp":
            raise Closing(CloseCode.UNKNOWN_PROTOCOL, "Only udp is spoken here.")
        choice = data["data"]
        if not isinstance(choice, dict) or choice["mode"] not in MODES:
            raise Closing(CloseCode.UNKNOWN_MODE, f"The mode must be one of {', '.join(MODES)}.")
        return SelectProtocol(choice["mode"])

    def _binary(self, frame: bytes) -> DaveMessage:
        if self.phase is not Phase.DESCRIBED:
            raise Closing(CloseCode.NOT_AUTHENTICATED, "The client is not connected yet.")
        if not frame or frame[0] not in _DAVE_FROM_CLIENT:
            raise Closing(CloseCode.UNKNOWN_OPCODE, "Clients send only ops 26 and 28 in binary.")
        return DaveMessage(Op(frame[0]), frame[1:])

    @staticmethod
    def plain(op: Op, data: object) -> str:
        """A frame outside the numbering: the handshake and heartbeats."""
        return json.dumps({"op": op.value, "d": data})

    def numbered(self, op: Op, payload: Payload) -> Frame:
        """A numbered frame: JSON with `seq`, or `u16 seq | u8 op | bytes`. It can be sent again after a resume."""
        self.sequence = self.sequence + 1 & 0xFFFF
        frame: Frame
        if isinstance(payload, bytes):
            frame = self.sequence.to_bytes(2, "big") + bytes([op.value]) + payload
        else:
            frame = json.dumps({"op": op.value, "d": payload, "seq": self.sequence})
        self._sent.append(frame)
        return frame

    def missed(self, seq_ack: int) -> list[Frame]:
        """What was sent after frame `seq_ack` (-1: everything); raises Closing if that is no longer known."""
        count = self.sequence - seq_ack & 0xFFFF
        if count > len(self._sent):
            raise Closing(CloseCode.SESSION_INVALID, "What the client missed is no longer kept.")
        return list(self._sent)[len(self._sent) - count :]
