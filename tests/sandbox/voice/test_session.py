from __future__ import annotations

import json

import pytest

from sandbox.voice.opcodes import CloseCode, Op
from sandbox.voice.session import (
    REPLAYABLE,
    Closing,
    DaveMessage,
    Heartbeat,
    Identify,
    Phase,
    Resume,
    SelectProtocol,
    Speaking,
    VoiceSession,
)

CLAIM = {"server_id": "1", "user_id": "2", "session_id": "s", "token": "t", "max_dave_protocol_version": 1}
CHOICE = {"protocol": "udp", "data": {"address": "127.0.0.1", "port": 1, "mode": "aead_xchacha20_poly1305_rtpsize"}}


def frame(op: int, data: object) -> str:
    return json.dumps({"op": op, "d": data})


def session(phase: Phase) -> VoiceSession:
    made = VoiceSession()
    made.phase = phase
    return made


def test_handshake() -> None:
    new = VoiceSession()
    assert new.receive(frame(3, {"t": 5, "seq_ack": 1})) == Heartbeat(5)
    assert new.receive(frame(0, CLAIM)) == Identify(1, 2, "s", "t", 1)
    assert new.receive(frame(7, {**CLAIM, "seq_ack": 9})) == Resume(1, "s", "t", 9)
    known = session(Phase.IDENTIFIED)
    assert known.receive(frame(1, CHOICE)) == SelectProtocol("aead_xchacha20_poly1305_rtpsize")
    described = session(Phase.DESCRIBED)
    assert described.receive(frame(5, {"speaking": 0, "delay": 0, "ssrc": 3})) == Speaking(3, 0)
    assert described.receive(frame(23, {"transition_id": 4})) == DaveMessage(Op.TRANSITION_READY, {"transition_id": 4})
    assert described.receive(b"\x1abody") == DaveMessage(Op.KEY_PACKAGE, b"body")


def test_a_client_without_dave_says_version_0() -> None:
    claim = {k: v for k, v in CLAIM.items() if k != "max_dave_protocol_version"}
    event = VoiceSession().receive(frame(0, claim))
    assert isinstance(event, Identify)
    assert event.dave_version == 0


@pytest.mark.parametrize(
    ("phase", "said", "code"),
    [
        (Phase.NEW, "{", CloseCode.BAD_PAYLOAD),
        (Phase.NEW, "[]", CloseCode.BAD_PAYLOAD),
        (Phase.NEW, "{}", CloseCode.BAD_PAYLOAD),
        (Phase.NEW, frame(99, {}), CloseCode.UNKNOWN_OPCODE),
        (Phase.NEW, frame(0, None), CloseCode.BAD_PAYLOAD),
        (Phase.NEW, frame(0, {}), CloseCode.BAD_PAYLOAD),
        (Phase.NEW, frame(0, {**CLAIM, "user_id": "x"}), CloseCode.BAD_PAYLOAD),
        (Phase.NEW, frame(1, CHOICE), CloseCode.NOT_AUTHENTICATED),
        (Phase.NEW, b"\x1a", CloseCode.NOT_AUTHENTICATED),
        (Phase.IDENTIFIED, frame(0, CLAIM), CloseCode.ALREADY_AUTHENTICATED),
        (Phase.IDENTIFIED, frame(1, {**CHOICE, "protocol": "webrtc"}), CloseCode.UNKNOWN_PROTOCOL),
        (Phase.IDENTIFIED, frame(1, {"protocol": "udp", "data": {"mode": "xsalsa20_poly1305"}}), CloseCode.UNKNOWN_MODE),
        (Phase.IDENTIFIED, frame(4, {}), CloseCode.UNKNOWN_OPCODE),
        (Phase.DESCRIBED, b"", CloseCode.UNKNOWN_OPCODE),
        (Phase.DESCRIBED, b"\x1b", CloseCode.UNKNOWN_OPCODE),
    ],
)
def test_what_closes_the_connection(phase: Phase, said: str | bytes, code: CloseCode) -> None:
    with pytest.raises(Closing) as closing:
        session(phase).receive(said)
    assert closing.value.code == code
    assert closing.value.reason


def test_json_and_binary_share_one_numbering() -> None:
    described = session(Phase.DESCRIBED)
    assert json.loads(described.numbered(Op.SPEAKING, {"ssrc": 1})) == {"op": 5, "d": {"ssrc": 1}, "seq": 0}
    assert described.numbered(Op.PROPOSALS, b"abc") == b"\x00\x01\x1babc"
    described.sequence = 0xFFFF
    assert described.numbered(Op.WELCOME, b"") == b"\x00\x00\x1e"


def test_resume_repeats_what_was_missed() -> None:
    described = session(Phase.DESCRIBED)
    assert described.missed(-1) == []
    frames = [described.numbered(Op.SPEAKING, {"ssrc": n}) for n in range(5)]
    assert described.missed(-1) == frames
    assert described.missed(2) == frames[3:]
    assert described.missed(4) == []


def test_resume_from_too_long_ago_is_refused() -> None:
    described = session(Phase.DESCRIBED)
    for n in range(REPLAYABLE + 10):
        described.numbered(Op.SPEAKING, {"ssrc": n})
    assert len(described.missed(9)) == REPLAYABLE
    for ack in (8, -1, 5000):
        with pytest.raises(Closing) as closing:
            described.missed(ack)
        assert closing.value.code == CloseCode.SESSION_INVALID
