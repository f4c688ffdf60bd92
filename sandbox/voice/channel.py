"""One voice channel: the people and the clients in it, what they are told of each other, and their end-to-end group."""

from __future__ import annotations

import asyncio
from collections import deque
from random import Random
from typing import TYPE_CHECKING, Literal

from sandbox.voice.dave import DaveRefused
from sandbox.voice.group import Group, Message
from sandbox.voice.opcodes import Op

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sandbox.log import EventLog
    from sandbox.voice.group import Payload
    from sandbox.voice.person import Person
    from sandbox.voice.receiver import Receiver

Committer = Literal["any", "person", "client"]
"""Whose commit ends an epoch when people and clients could both commit: as a seeded coin falls, or always the same."""

_HEAD_START = 0.25
"""Seconds that clients get before a person commits, when it is their turn."""
_TRANSITION_SECONDS = 2.0
"""So long everybody has to be ready for new keys."""
_LATE_PACKETS = 3
"""Op 5 comes up to so many packets after the first one."""


class Channel:
    """Everything about one channel that is not a socket."""

    def __init__(
        self, channel_id: int, log: EventLog, *, dave: bool, announce_speaking: bool, committer: Committer, seed: int
    ) -> None:
        self.channel_id = channel_id
        self.people: dict[int, Person] = {}
        self.clients: dict[int, Receiver] = {}
        self.group = Group(channel_id) if dave else None
        self.committer = committer
        self._log = log
        self._announce_speaking = announce_speaking
        self._seed = seed
        self._rng = Random(f"{seed}:{channel_id}")
        self._settled = asyncio.Event()
        self._settled.set()
        self._watched = 0

    def add_person(self, person: Person) -> None:
        """Somebody comes in: clients get op 11, and the group takes them up."""
        self.people[person.user_id] = person
        self._tell(Op.CLIENTS_CONNECT, {"user_ids": [str(person.user_id)]}, besides=person.user_id)
        if self.group is not None and person.dave is not None:
            self._run(self.group.enter(person.user_id))
            self.receive(person.user_id, *person.dave.key_package())

    def remove_person(self, user_id: int) -> None:
        """Somebody goes: clients get op 13, and the group goes on without them."""
        person = self.people.pop(user_id)
        person.gone.set()
        self._departed(user_id)

    def add_client(self, client: Receiver) -> None:
        """A client has got its session description: it is told who is here, and by op 25 whose group it is."""
        self.clients[client.user_id] = client
        here = [str(u) for u in (*self.people, *self.clients) if u != client.user_id]
        if here:
            client.post(Op.CLIENTS_CONNECT, {"user_ids": here})
        self._tell(Op.CLIENTS_CONNECT, {"user_ids": [str(client.user_id)]}, besides=client.user_id)
        if self.group is not None:
            self._run(self.group.enter(client.user_id))

    def remove_client(self, user_id: int) -> None:
        """A client has gone for good."""
        if self.clients.pop(user_id, None) is not None:
            self._departed(user_id)

    def receive(self, user_id: int, op: Op, payload: Payload) -> None:
        """A DAVE message from a person or a client; one that does not count is logged as `dave.refused`."""
        self._run(self._group_receives(user_id, op, payload))

    def restart_group(self) -> None:
        """Begin a new end-to-end group with everybody in it (op 24)."""
        if self.group is not None:
            self._run(self.group.restart())

    def speak(self, person: Person, frame: bytes, tick: int, *, clear: bool = False) -> bool:
        """Send one Opus frame of a person to every client; False if they have no end-to-end keys yet."""
        if not self.clients:
            return True
        packet = person.packet(frame, tick, clear=clear)
        if packet is None:
            return False
        for client in self.clients.values():
            self._announce(person, client)
            client.deliver(packet, person.stream.ssrc)
        return True

    async def settled(self, within: float = 10.0) -> None:
        """Wait until no round and no transition is under way; raises TimeoutError."""
        async with asyncio.timeout(within):
            await self._settled.wait()

    def _tell(self, op: Op, payload: Payload, *, besides: int) -> None:
        for client in self.clients.values():
            if client.user_id != besides:
                client.post(op, payload)

    def _departed(self, user_id: int) -> None:
        self._tell(Op.CLIENT_DISCONNECT, {"user_id": str(user_id)}, besides=user_id)
        if self.group is not None:
            self._run(self.group.depart(user_id))

    def _announce(self, person: Person, client: Receiver) -> None:
        """Op 5, once for each person, a few packets late; never if they spoke before the client came."""
        if not self._announce_speaking:
            return
        left = client.announcements.get(person.user_id)
        if left is None:
            early = person.first_spoke is not None and person.first_spoke < client.since
            left = -1 if early else self._rng.randint(0, _LATE_PACKETS)
        if left == 0:
            client.post(Op.SPEAKING, {"user_id": str(person.user_id), "ssrc": person.stream.ssrc, "speaking": 1})
            self._log.record("voice.speaking", user_id=person.user_id, ssrc=person.stream.ssrc, told=client.user_id)
        client.announcements[person.user_id] = max(-1, left - 1)

    def _run(self, messages: Iterable[Message]) -> None:
        """Hand messages to clients and people, and the people's answers back, until everything is said."""
        queue = deque(messages)
        while queue:
            message = queue.popleft()
            person = self.people.get(message.user_id)
            if person is None or person.dave is None:
                client = self.clients.get(message.user_id)
                if client is not None:
                    client.post(message.op, message.payload)
                    if message.op is Op.PREPARE_EPOCH:
                        self._log.record("dave.restart", user_id=client.user_id, channel_id=self.channel_id)
                continue
            for op, payload in person.dave.receive(message.op, message.payload):
                if op is Op.COMMIT_WELCOME and self._clients_first():
                    asyncio.get_running_loop().call_later(_HEAD_START, self.receive, message.user_id, op, payload)
                else:
                    queue.extend(self._group_receives(message.user_id, op, payload))
        self._observe()

    def _group_receives(self, user_id: int, op: Op, payload: Payload) -> list[Message]:
        assert self.group is not None
        if user_id in self.clients and op is Op.TRANSITION_READY:
            self._log.record("dave.ready", user_id=user_id, channel_id=self.channel_id, epoch=self.group.service.epoch)
        if op is Op.INVALID_COMMIT:
            self._log.record("dave.invalid", user_id=user_id, channel_id=self.channel_id)
        try:
            messages = self.group.receive(user_id, op, payload)
        except DaveRefused as error:
            self._log.record("dave.refused", user_id=user_id, channel_id=self.channel_id, reason=str(error))
            return []
        if op is Op.COMMIT_WELCOME and messages:
            service = self.group.service
            self._log.record(
                "dave.epoch", channel_id=self.channel_id, epoch=service.epoch, members=service.members, committer=user_id
            )
        return messages

    def _clients_first(self) -> bool:
        assert self.group is not None
        service = self.group.service
        able = service.members or service.pending
        if self.committer == "person" or not any(user_id in able for user_id in self.clients):
            return False
        return self.committer == "client" or Random(f"{self._seed}:{self.channel_id}:{service.epoch}").random() < 0.5

    def _observe(self) -> None:
        assert self.group is not None
        transition = self.group.transition
        if transition is not None and transition.number != self._watched:
            self._watched = transition.number
            asyncio.get_running_loop().call_later(_TRANSITION_SECONDS, self._expire, transition.number)
        if self.group.idle:
            self._settled.set()
        else:
            self._settled.clear()

    def _expire(self, number: int) -> None:
        assert self.group is not None
        self._run(self.group.expire(number))
