from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from sandbox.drafts import Upload, read_draft
from sandbox.errors import ApiError, Fault
from sandbox.limits import Rate, RateLimiter
from sandbox.messages import NONCE_SECONDS, Messages
from sandbox.world import DISCORD_EPOCH_MS, World

if TYPE_CHECKING:
    from sandbox.models import Channel, Json, Message


@dataclass
class Clock:
    now: float = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


class TestRateLimiter:
    def test_a_window_begins_with_the_first_request(self) -> None:
        clock = Clock()
        limiter, rate = RateLimiter(clock), Rate(2, 5.0)
        assert [limiter.take("a", rate).remaining for _ in range(2)] == [1, 0]
        clock.now += 4.0
        refused = limiter.take("a", rate)
        assert (refused.allowed, refused.remaining, refused.reset_after) == (False, 0, 1.0)
        assert limiter.take("b", rate).allowed
        clock.now += 1.0
        assert limiter.take("a", rate).allowed

    def test_refused_requests_do_not_prolong_the_wait(self) -> None:
        clock = Clock()
        limiter, rate = RateLimiter(clock), Rate(1, 1.0)
        limiter.take("a", rate)
        for _ in range(5):
            assert not limiter.take("a", rate).allowed
        clock.now += 1.0
        assert limiter.take("a", rate).allowed

    def test_memory_is_bounded(self) -> None:
        limiter = RateLimiter(Clock(), keys=10)
        for number in range(100):
            limiter.take(str(number), Rate(1, 1.0))
        assert limiter.take("0", Rate(1, 1.0)).allowed


class TestDrafts:
    @pytest.mark.parametrize(
        "body",
        [
            {"content": 5},
            {"nonce": "x" * 26},
            {"embeds": "no"},
            {"embeds": [{}] * 11},
            {"embeds": [{"fields": [{"name": "a", "value": ""}]}]},
            {"components": [{"type": 1, "components": []}]},
            {"components": [{"type": 1, "components": [{"type": 2, "style": 1, "label": "no id"}]}]},
            {"components": [{"type": 1, "components": [{"type": 2, "style": 1, "custom_id": "twice"}] * 2}]},
            {"allowed_mentions": {"parse": ["users"], "users": ["1"]}},
        ],
    )
    def test_bad_forms_are_refused_with_a_path(self, body: Json) -> None:
        with pytest.raises(ApiError) as caught:
            read_draft(body, {})
        assert caught.value.fault is Fault.INVALID_FORM
        assert caught.value.body()["errors"]

    def test_files_keep_their_names_and_an_edit_says_which_stay(self) -> None:
        body: Json = {"attachments": [{"id": 77}, {"id": 0, "filename": "b.md", "description": "text"}]}
        draft = read_draft(body, {"files[0]": Upload("blob", b"x")})
        assert [(each.filename, each.description) for each in draft.files] == [("b.md", "text")]
        assert draft.kept_files == [77]

    def test_link_buttons_need_no_id(self) -> None:
        rows = [{"type": 1, "components": [{"type": 2, "style": 5, "url": "https://example.org"}]}]
        assert read_draft({"components": rows}, {}).components == rows


class TestMessages:
    def setup_method(self) -> None:
        self.clock = Clock()
        self.world = World(clock=self.clock)
        self.channel = self.world.add_channel("general")
        self.messages = Messages(self.world)

    def post(self, body: Json, channel: Channel | None = None) -> Message:
        return self.messages.post(self.world.bot.id, channel or self.channel, read_draft(body, {}))

    def test_a_nonce_counts_for_minutes_and_for_one_channel(self) -> None:
        other = self.world.add_channel("other")
        body: Json = {"content": "x", "nonce": "n", "enforce_nonce": True}
        first = self.post(body)
        assert self.post(body) is first
        assert self.post(body, other) is not first
        assert self.post(body | {"enforce_nonce": False}) is not first
        self.clock.now += NONCE_SECONDS + 1
        assert self.post(body) is not first

    def test_a_nonce_of_a_deleted_message_is_free_again(self) -> None:
        body: Json = {"content": "x", "nonce": "n", "enforce_nonce": True}
        first = self.post(body)
        self.messages.remove(first)
        assert self.post(body) is not first

    def test_ids_tell_the_time_and_never_repeat(self) -> None:
        ids = [self.post({"content": str(number)}).id for number in range(5000)]
        assert ids == sorted(set(ids))
        assert (ids[0] >> 22) + DISCORD_EPOCH_MS == pytest.approx(self.clock.now * 1000, abs=2)

    def test_nobody_edits_what_others_wrote(self) -> None:
        message = self.messages.post(self.world.owner.id, self.channel, read_draft({"content": "mine"}, {}))
        with pytest.raises(ApiError) as caught:
            self.messages.edit(self.world.bot.id, self.channel, message.id, read_draft({"content": "yours"}, {}))
        assert caught.value.fault is Fault.OTHERS_MESSAGE
        with pytest.raises(ApiError) as caught:
            self.messages.delete(self.world.bot.id, self.channel, message.id)
        assert caught.value.fault is Fault.MISSING_PERMISSIONS

    def test_an_edit_that_leaves_nothing_is_refused(self) -> None:
        message = self.post({"content": "x"})
        with pytest.raises(ApiError) as caught:
            self.messages.edit(self.world.bot.id, self.channel, message.id, read_draft({"content": ""}, {}))
        assert caught.value.fault is Fault.EMPTY_MESSAGE
        assert message.content == "x"
