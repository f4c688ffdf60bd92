from __future__ import annotations

from typing import TYPE_CHECKING

from bot.voice.dave import SILENCE, Failure, FrameCipher
from tests.bot.voice.call import ANA, BEN, BOT, CAN, Group

if TYPE_CHECKING:
    import davey

OPUS = bytes.fromhex("78") + bytes(range(80))


def cipher(group: Group, *, required: bool = True) -> FrameCipher:
    return FrameCipher(lambda: group.sessions[BOT], lambda: required)


def test_a_frame_is_opened_once() -> None:
    group = Group(BOT, ANA, BEN)
    frame = group.sessions[ANA].encrypt_opus(OPUS)
    assert cipher(group).open(ANA, frame) == OPUS
    assert cipher(group).open(ANA, frame) is Failure.UNDECRYPTABLE


def test_failures_are_told_apart() -> None:
    group = Group(BOT, ANA, BEN)
    frame = group.sessions[ANA].encrypt_opus(OPUS)
    assert cipher(group).open(BEN, frame) is Failure.UNDECRYPTABLE
    assert cipher(group).open(CAN, frame) is Failure.UNKNOWN_USER
    assert cipher(group).open(ANA, OPUS) is Failure.NOT_ENCRYPTED
    assert cipher(group).open(ANA, frame) == OPUS, "wrong attempts use nothing up"


def test_silence_passes_whoever_sends_it() -> None:
    group = Group(BOT, ANA)
    assert cipher(group).open(CAN, SILENCE) == SILENCE


def test_owner_is_who_can_have_encrypted_it() -> None:
    group = Group(BOT, ANA, BEN, CAN)
    frame = group.sessions[BEN].encrypt_opus(OPUS)
    assert cipher(group).owner(frame, [ANA, BEN, CAN]) == (BEN, OPUS)


def test_only_encrypted_frames_prove_an_owner() -> None:
    group = Group(BOT, ANA, BEN)
    group.sessions[BOT].set_passthrough_mode(True, 10)
    assert cipher(group).open(ANA, OPUS) == OPUS, "the session lets it pass"
    assert cipher(group).owner(OPUS, [ANA, BEN]) is None
    assert cipher(group).owner(SILENCE, [ANA, BEN]) is None


def test_ready_follows_the_session_of_the_moment() -> None:
    group = Group(BOT, ANA)
    sessions: list[davey.DaveSession | None] = [None, group.sessions[BOT]]
    watching = FrameCipher(lambda: sessions[0], lambda: True)
    assert not watching.ready
    assert watching.open(ANA, group.sessions[ANA].encrypt_opus(OPUS)) is Failure.UNDECRYPTABLE
    assert watching.members() == []
    sessions.pop(0)
    assert FrameCipher(lambda: sessions[0], lambda: True).ready
    assert set(watching.members()) == {BOT, ANA}


def test_calls_without_encryption() -> None:
    group = Group(BOT, ANA)
    plain = cipher(group, required=False)
    assert plain.ready
    assert plain.open(CAN, OPUS) == OPUS
    late = group.sessions[ANA].encrypt_opus(OPUS)
    assert plain.open(ANA, late) == OPUS, "frames from before the call was changed are still on their way"
    assert FrameCipher(lambda: None, lambda: False).open(ANA, late) is Failure.UNDECRYPTABLE
