from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandbox.commands import Commands
from sandbox.errors import ApiError, Fault
from sandbox.interactions import ANSWER_SECONDS, TOKEN_SECONDS, Interactions, Pending
from sandbox.messages import Messages
from sandbox.permissions import Permission
from sandbox.world import World
from tests.sandbox.test_limits import Clock

if TYPE_CHECKING:
    from sandbox.models import Json

SAY: Json = {"type": 4, "data": {"content": "hi", "flags": 64}}


class TestAnswers:
    def setup_method(self) -> None:
        self.clock = Clock()
        self.world = World(clock=self.clock)
        self.channel = self.world.add_channel("general")
        self.messages = Messages(self.world)
        self.commands = Commands(self.world)
        self.commands.overwrite(None, [{"name": "ping", "description": "Answer"}])
        self.interactions = Interactions(self.world, self.messages, self.commands)

    def ping(self) -> Pending:
        return self.interactions.slash(self.world.owner.id, self.channel, "ping", {})

    def fault(self, pending: Pending, body: Json, number: int | None = None) -> Fault:
        with pytest.raises(ApiError) as caught:
            self.interactions.answer(number or pending.id, pending.token, body, {})
        return caught.value.fault

    def test_an_answer_comes_within_three_seconds_or_not_at_all(self) -> None:
        pending = self.ping()
        self.clock.now += ANSWER_SECONDS + 0.1
        assert self.fault(pending, SAY) is Fault.UNKNOWN_INTERACTION

    def test_an_interaction_is_answered_once_and_with_its_own_id(self) -> None:
        pending = self.ping()
        assert self.fault(pending, SAY, number=5) is Fault.UNKNOWN_INTERACTION
        self.interactions.answer(pending.id, pending.token, SAY, {})
        assert self.fault(pending, SAY) is Fault.ALREADY_ACKNOWLEDGED

    @pytest.mark.parametrize(
        ("body", "fault"),
        [
            ({"type": 6}, Fault.INVALID_FORM),
            ({"type": 7, "data": {"content": "x"}}, Fault.INVALID_FORM),
            ({"type": 4, "data": {"content": ""}}, Fault.EMPTY_MESSAGE),
            ({"type": 4, "data": {"content": "x" * 2001}}, Fault.INVALID_FORM),
        ],
    )
    def test_a_refused_answer_leaves_the_interaction_open(self, body: Json, fault: Fault) -> None:
        pending = self.ping()
        assert self.fault(pending, body) is fault
        self.interactions.answer(pending.id, pending.token, SAY, {})
        assert pending.original is not None
        assert pending.original.ephemeral

    def test_followups_end_after_fifteen_minutes(self) -> None:
        pending = self.ping()
        with pytest.raises(ApiError) as caught:
            self.interactions.follow_up(pending.token, {"content": "too early"}, {})
        assert caught.value.fault is Fault.UNKNOWN_WEBHOOK
        self.interactions.answer(pending.id, pending.token, SAY, {})
        self.clock.now += TOKEN_SECONDS - 1
        self.interactions.follow_up(pending.token, {"content": "in time"}, {})
        self.clock.now += 2
        with pytest.raises(ApiError) as caught:
            self.interactions.follow_up(pending.token, {"content": "too late"}, {})
        assert caught.value.fault is Fault.BAD_WEBHOOK_TOKEN

    def test_the_first_followup_becomes_the_deferred_answer(self) -> None:
        pending = self.ping()
        self.interactions.answer(pending.id, pending.token, {"type": 5}, {})
        assert [each.loading for each in self.messages.all_in(self.channel.id)] == [True]
        self.interactions.follow_up(pending.token, {"content": "done"}, {})
        message = self.messages.all_in(self.channel.id)[0]
        assert (message.content, message.loading, message.edits, pending.followups) == ("done", False, [], [])

    def test_answers_can_be_read_edited_and_deleted(self) -> None:
        pending = self.ping()
        self.interactions.answer(pending.id, pending.token, {"type": 4, "data": {"content": "one"}}, {})
        self.interactions.edit(pending.token, "@original", {"content": "two"}, {})
        assert self.interactions.read(pending.token, "@original")["content"] == "two"
        self.interactions.delete(pending.token, "@original")
        assert self.messages.all_in(self.channel.id) == []
        with pytest.raises(ApiError) as caught:
            self.interactions.read(pending.token, "@original")
        assert caught.value.fault is Fault.UNKNOWN_MESSAGE


class TestRegistration:
    @pytest.mark.parametrize(
        "definition",
        [
            {"name": "Upper", "description": "x"},
            {"name": "two words", "description": "x"},
            {"name": "x" * 33, "description": "x"},
            {"name": "none"},
            {"name": "long", "description": "x" * 101},
            {
                "name": "order",
                "description": "x",
                "options": [
                    {"type": 3, "name": "a", "description": "x"},
                    {"type": 3, "name": "b", "description": "x", "required": True},
                ],
            },
        ],
    )
    def test_bad_definitions_are_refused(self, definition: Json) -> None:
        with pytest.raises(ApiError) as caught:
            Commands(World()).overwrite(None, [definition])
        assert caught.value.fault is Fault.INVALID_FORM

    def test_names_are_unique_and_keep_their_ids(self) -> None:
        commands = Commands(World())
        one: Json = {"name": "ping", "description": "x"}
        with pytest.raises(ApiError):
            commands.overwrite(None, [one, one])
        first = commands.overwrite(None, [one])[0]
        again = commands.overwrite(None, [{"name": "other", "description": "x"}, one | {"description": "y"}])
        assert again[1].id == first.id != again[0].id
        assert again[1].definition["description"] == "y"

    def test_hidden_commands_need_their_permission(self) -> None:
        world = World()
        person = world.add_person("Alice")
        bits = str(int(Permission.MANAGE_GUILD))
        command = Commands(world).overwrite(None, [{"name": "a", "description": "x", "default_member_permissions": bits}])[0]
        commands = Commands(world)
        assert commands.allowed(command, world.owner.id)
        assert not commands.allowed(command, person.id)
        world.grant(world.bot_role, Permission.MANAGE_GUILD)
        world.member(person.id).roles.append(world.bot_role.id)
        assert commands.allowed(command, person.id)
