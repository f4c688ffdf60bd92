"""The delivery service against real davey sessions."""

from __future__ import annotations

import davey
import pytest

from sandbox.voice.dave import Accepted, DaveRefused, DeliveryService, Proposal, append_payload, revoke_payload
from sandbox.voice.mls import split_commit

CHANNEL, ANA, BEN, CLEO = 11, 101, 102, 103
OPUS = b"\xfc" + bytes(range(1, 100))
APPEND, REVOKE = davey.ProposalsOperationType.append, davey.ProposalsOperationType.revoke


class Members:
    """Sessions of davey around one delivery service."""

    def __init__(self) -> None:
        self.service = DeliveryService(CHANNEL)
        self.sessions: dict[int, davey.DaveSession] = {}

    def new(self, *user_ids: int) -> None:
        for user_id in user_ids:
            session = self.sessions[user_id] = davey.DaveSession(1, user_id, CHANNEL)
            session.set_external_sender(self.service.external_sender())
            self.service.add_key_package(user_id, session.get_serialized_key_package())

    def commit(self, user_id: int, *proposals: Proposal) -> bytes:
        made = self.sessions[user_id].process_proposals(APPEND, append_payload(proposals)[1:])
        assert made is not None
        return made.commit + (made.welcome or b"")

    def deliver(self, accepted: Accepted | None, *members: int) -> None:
        assert accepted is not None
        for user_id in members:
            self.sessions[user_id].process_commit(accepted.commit)
        for user_id, welcome in accepted.welcomes.items():
            self.sessions[user_id].process_welcome(welcome)

    def found(self) -> None:
        """Ana and Ben found the group; Ana's commit wins."""
        self.new(ANA, BEN)
        ana, ben = self.service.propose_add(ANA), self.service.propose_add(BEN)
        payload = self.commit(ANA, ben)
        self.commit(BEN, ana)
        self.deliver(self.service.accept_commit(ANA, payload), ANA)

    def hear_each_other(self, *user_ids: int) -> None:
        for sender in user_ids:
            frame = self.sessions[sender].encrypt_opus(OPUS)
            for receiver in user_ids:
                if receiver != sender:
                    assert self.sessions[receiver].decrypt(sender, davey.MediaType.audio, frame) == OPUS


@pytest.fixture
def members() -> Members:
    return Members()


def test_first_group(members: Members) -> None:
    members.found()
    assert members.service.epoch == 1
    assert members.service.members == (ANA, BEN)
    assert members.service.pending == ()
    assert {s.epoch for s in members.sessions.values()} == {1}
    assert len({s.voice_privacy_code for s in members.sessions.values()}) == 1
    members.hear_each_other(ANA, BEN)


@pytest.mark.parametrize("committer", [ANA, BEN])
def test_join_committed_by_anybody_and_late_commits_dropped(members: Members, committer: int) -> None:
    members.found()
    members.new(CLEO)
    add = members.service.propose_add(CLEO)
    payloads = {u: members.commit(u, add) for u in (ANA, BEN)}
    members.deliver(members.service.accept_commit(committer, payloads[committer]), ANA, BEN)
    loser = BEN if committer == ANA else ANA
    assert members.service.accept_commit(loser, payloads[loser]) is None
    assert members.service.members == (ANA, BEN, CLEO)
    members.hear_each_other(ANA, BEN, CLEO)


def test_two_newcomers_in_one_commit_get_a_welcome_each(members: Members) -> None:
    members.found()
    members.new(CLEO, 104)
    adds = [members.service.propose_add(CLEO), members.service.propose_add(104)]
    payloads = {u: members.commit(u, *adds) for u in (ANA, BEN)}
    accepted = members.service.accept_commit(BEN, payloads[BEN])
    assert accepted is not None
    assert accepted.welcomes[CLEO] != accepted.welcomes[104]
    assert len(accepted.welcomes[CLEO]) < len(payloads[BEN]) - len(accepted.commit)
    members.deliver(accepted, ANA, BEN)
    members.hear_each_other(ANA, BEN, CLEO, 104)


def test_leaver_cannot_hear_what_follows_and_their_leaf_is_used_again(members: Members) -> None:
    members.found()
    members.new(CLEO)
    add = members.service.propose_add(CLEO)
    payload = members.commit(ANA, add)
    members.commit(BEN, add)
    members.deliver(members.service.accept_commit(ANA, payload), ANA, BEN)
    gone = members.sessions[ANA]
    remove = members.service.propose_remove(ANA)
    payloads = {u: members.commit(u, remove) for u in (BEN, CLEO)}
    members.deliver(members.service.accept_commit(CLEO, payloads[CLEO]), BEN, CLEO)
    assert list(members.service.members) == [BEN, CLEO]
    with pytest.raises(ValueError, match="NoValidCryptorFound"):
        gone.decrypt(CLEO, davey.MediaType.audio, members.sessions[CLEO].encrypt_opus(OPUS))
    members.new(ANA)
    add = members.service.propose_add(ANA)
    payloads = {u: members.commit(u, add) for u in (BEN, CLEO)}
    members.deliver(members.service.accept_commit(BEN, payloads[BEN]), BEN, CLEO)
    assert list(members.service.members) == [ANA, BEN, CLEO]
    members.hear_each_other(ANA, BEN, CLEO)


def test_renewal_removes_and_adds_the_same_user_in_one_commit(members: Members) -> None:
    members.found()
    members.new(BEN)  # lost their state: a new session, a new key package
    proposals = members.service.propose_remove(BEN), members.service.propose_add(BEN)
    payload = members.commit(ANA, *proposals)
    members.deliver(members.service.accept_commit(ANA, payload), ANA)
    assert (members.service.epoch, members.service.members) == (2, (ANA, BEN))
    members.hear_each_other(ANA, BEN)


def test_revoked_proposals_cannot_be_committed_and_new_ones_can(members: Members) -> None:
    members.found()
    members.new(CLEO)
    add = members.service.propose_add(CLEO)
    revoked = members.commit(ANA, add)
    members.service.revoke()
    members.sessions[ANA].process_proposals(REVOKE, revoke_payload([add])[1:])
    with pytest.raises(DaveRefused, match="cover exactly"):
        members.service.accept_commit(ANA, revoked)
    again = members.service.propose_add(CLEO)
    payload = members.commit(ANA, again)
    members.commit(BEN, again)
    members.deliver(members.service.accept_commit(ANA, payload), ANA, BEN)
    members.hear_each_other(ANA, BEN, CLEO)


def test_frames_of_the_old_epoch_are_still_heard(members: Members) -> None:
    members.found()
    old = members.sessions[ANA].encrypt_opus(OPUS)
    members.new(CLEO)
    add = members.service.propose_add(CLEO)
    payload = members.commit(BEN, add)
    members.commit(ANA, add)
    members.deliver(members.service.accept_commit(BEN, payload), ANA, BEN)
    assert members.sessions[BEN].decrypt(ANA, davey.MediaType.audio, old) == OPUS


def test_reset_begins_a_new_group_with_the_same_external_sender(members: Members) -> None:
    members.found()
    sender = members.service.external_sender()
    members.service.reset()
    assert (members.service.epoch, members.service.members) == (0, ())
    assert members.service.external_sender() == sender
    for user_id, session in members.sessions.items():
        session.reinit(1, user_id, CHANNEL)
        members.service.add_key_package(user_id, session.get_serialized_key_package())
    ana, ben = members.service.propose_add(ANA), members.service.propose_add(BEN)
    payload = members.commit(BEN, ana)
    members.commit(ANA, ben)
    members.deliver(members.service.accept_commit(BEN, payload), BEN)
    members.hear_each_other(ANA, BEN)


def test_clients_refuse_a_forged_external_sender(members: Members) -> None:
    members.found()
    forger = DeliveryService(CHANNEL)
    forger.epoch = members.service.epoch
    outsider = davey.DaveSession(1, CLEO, CHANNEL)
    forger.add_key_package(CLEO, outsider.get_serialized_key_package())
    with pytest.raises(ValueError, match="process proposals"):
        members.commit(ANA, forger.propose_add(CLEO))
    members.hear_each_other(ANA, BEN)


def test_what_the_service_refuses(members: Members) -> None:
    members.found()
    service = members.service
    stranger = davey.DaveSession(1, CLEO, CHANNEL).get_serialized_key_package()
    with pytest.raises(DaveRefused, match="sent a key package of user 103"):
        service.add_key_package(ANA, stranger)
    with pytest.raises(DaveRefused, match="cannot be read"):
        service.add_key_package(CLEO, stranger[:-1])
    with pytest.raises(DaveRefused, match="no key package"):
        service.propose_add(CLEO)
    with pytest.raises(DaveRefused, match="not in the group"):
        service.propose_remove(CLEO)
    with pytest.raises(DaveRefused, match="cannot be read"):
        service.accept_commit(ANA, b"hello")
    members.new(CLEO)
    payload = members.commit(ANA, service.propose_add(CLEO))
    with pytest.raises(DaveRefused, match="leaf 0, which is not theirs"):
        service.accept_commit(BEN, payload)
    with pytest.raises(DaveRefused, match="a welcome for 0"):
        service.accept_commit(ANA, without_welcome(payload))
    other = DeliveryService(CHANNEL + 1)
    with pytest.raises(DaveRefused, match="another group"):
        other.accept_commit(ANA, payload)
    assert (service.epoch, service.members) == (1, (ANA, BEN))


def without_welcome(payload: bytes) -> bytes:
    commit, welcome = split_commit(payload)
    assert welcome
    return commit.raw
