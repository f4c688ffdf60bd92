"""The first half of hearing, done for each packet the moment it comes: from the datagram to a person's Opus packet."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final, NamedTuple

from bot.voice.dave import Failure, FrameCipher
from bot.voice.events import Lost
from bot.voice.rtp import BadPacket, parse, strip
from bot.voice.ssrc import Sealed, SsrcMap, WaitingRoom

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.voice.transport import TransportCipher

log = logging.getLogger(__name__)

TELL_UNCLAIMED: Final = 25
"""Packets of one SSRC whose owner was never found, from which on the loss is told: half a second."""

_LOG_EVERY = 1000


class Frame(NamedTuple):
    """One packet of a known person."""

    user_id: int
    ssrc: int
    sequence: int
    timestamp: int
    arrival: float
    opus: bytes | None
    """None: it came but could not be decrypted. Empty: it was all padding and holds no sound."""


class Unsealer:
    """Takes packets as they come and gives out frames of known people, each packet decrypted exactly once.

    No packet, whatever is in it, makes it raise. Not safe for use by several threads at once.

    Args:
        transport: opens the packets.
        cipher: opens the frames in them.
        own_id: the bot's own user id, which owns no SSRC that is heard.
    """

    def __init__(self, transport: TransportCipher, cipher: FrameCipher, own_id: int) -> None:
        self._transport = transport
        self._cipher = cipher
        self._own_id = own_id
        self._map = SsrcMap()
        self._users = self._map.users
        self._waiting = WaitingRoom()
        self._refused: set[int] = set()
        self._surprises = 0
        self.opened = 0
        """Frames that were given out with their sound."""
        self.undecryptable = 0
        """Frames that were given out as lost."""
        self.bad_packets = 0
        """Damaged, forged, or not readable."""

    @property
    def unknown_ssrcs(self) -> int:
        """SSRCs whose owner is being looked for."""
        return len(self._waiting)

    @property
    def dropped_packets(self) -> int:
        """Packets dropped at a bound."""
        return self._waiting.dropped

    def receive(self, packet: bytes, now: float) -> Sequence[Frame]:
        """The frames that this packet brings: none, its own, or also those that waited for its owner to be known."""
        try:
            return self._receive(packet, now)
        except BadPacket:
            self.bad_packets += 1
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # noqa: BLE001 - a panic inside davey is no Exception, and no packet may stop the next one
            self.bad_packets += 1
            self._log("packet", error)
        return ()

    def _receive(self, packet: bytes, now: float) -> Sequence[Frame]:
        header = parse(packet)
        if header is None:
            return ()
        ssrc = header.ssrc
        user_id = self._users.get(ssrc)
        if user_id is None:
            if self._map.is_ignored(ssrc):
                return ()
        elif user_id in self._refused:
            return ()
        frame = strip(self._transport.open(packet, header.size), header)
        if user_id is None or (self._waiting and ssrc in self._waiting):
            return self._settle(Sealed(ssrc, header.sequence, header.timestamp, now, frame))
        self._map.heard(user_id, now)
        opus = self._cipher.open(user_id, frame) if frame else frame
        if isinstance(opus, Failure):
            return self._mend(Sealed(ssrc, header.sequence, header.timestamp, now, frame), user_id)
        self.opened += 1
        return (Frame(user_id, ssrc, header.sequence, header.timestamp, now, opus),)

    def _settle(self, packet: Sealed) -> Sequence[Frame]:
        """A packet whose owner is not known, or that others wait before."""
        if not packet.frame and packet.ssrc not in self._waiting:
            return ()  # all padding: the server probes the line
        kept = self._waiting.add(packet)
        if not self._cipher.ready:
            return ()
        user_id = self._users.get(packet.ssrc)
        if user_id is not None:
            return self._release(packet.ssrc, user_id)
        return self._claim(packet.ssrc, packet.arrival, None if kept else packet)

    def _claim(self, ssrc: int, now: float, one_more: Sealed | None = None) -> list[Frame]:
        """Look for the owner of what waits, and of `one_more` that there was no room for. Frames are opened oldest first, as DAVE wants."""
        candidates = self._candidates(now)
        packets = self._waiting.untried(ssrc, tuple(candidates))
        for packet in (*packets, one_more) if one_more else packets:
            found = self._cipher.owner(packet.frame, candidates)
            if found is not None:
                user_id, opus = found
                self._map.bind(ssrc, user_id, now)
                frames = self._release(ssrc, user_id, (packet, opus))
                if packet is one_more and user_id not in self._refused:
                    frames.append(Frame(user_id, *packet[:4], opus=opus))
                return frames
        return []

    def _mend(self, packet: Sealed, user_id: int) -> Sequence[Frame]:
        """A frame of a known SSRC that could not be opened: the session is not ready, the SSRC has a new owner, or it is lost."""
        if not self._cipher.ready:
            self._waiting.add(packet)
            return ()
        found = self._cipher.owner(packet.frame, self._candidates(packet.arrival))
        if found is None:
            self.undecryptable += 1
            return (Frame(user_id, *packet[:4], opus=None),)
        user_id, opus = found
        self._map.bind(packet.ssrc, user_id, packet.arrival)
        return (Frame(user_id, *packet[:4], opus=opus),) if user_id not in self._refused else ()

    def _candidates(self, now: float) -> list[int]:
        """Who may own an unknown SSRC: no frame of one person can be opened with another's key."""
        return self._map.candidates((user_id for user_id in self._cipher.members() if user_id != self._own_id), now)

    def _release(self, ssrc: int, user_id: int, opened: tuple[Sealed, bytes] | None = None) -> list[Frame]:
        """What waits for this SSRC; `opened` is one of its packets that has been decrypted already."""
        packets = self._waiting.take(ssrc)
        if user_id in self._refused:
            return []
        return [
            Frame(user_id, *packet[:4], opus=opened[1] if opened and opened[0] is packet else self._opened(user_id, packet.frame))
            for packet in packets
        ]

    def _opened(self, user_id: int, frame: bytes) -> bytes | None:
        if not frame:
            return frame
        try:
            opus = self._cipher.open(user_id, frame)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # noqa: BLE001 - as in `receive`
            self._log("frame", error)
            return None
        return None if isinstance(opus, Failure) else opus

    def _log(self, what: str, error: BaseException) -> None:
        self._surprises += 1
        if self._surprises % _LOG_EVERY == 1:
            log.warning("a voice %s could not be read (%d of them so far)", what, self._surprises, exc_info=error)

    def speaking(self, user_id: int, ssrc: int, now: float) -> Sequence[Frame]:
        """The voice gateway said whose SSRC it is (op 5, op 12): gives out what waited for that."""
        if user_id == self._own_id or not ssrc:
            return ()
        self._map.bind(ssrc, user_id, now)
        return self._release(ssrc, user_id) if ssrc in self._waiting and self._cipher.ready else ()

    def ignore(self, ssrc: int) -> None:
        """The SSRC of a camera or a shared screen."""
        self._map.ignore(ssrc)

    def left(self, user_id: int) -> None:
        """The person left (op 13): what comes with their SSRC from now on is somebody else's."""
        self._map.drop(user_id)

    def session_began(self, now: float) -> Sequence[Lost]:
        """A new voice session (op 2): SSRCs are given out anew."""
        self._map.clear()
        return self._told(now, everything=True)

    def tick(self, now: float) -> Sequence[Frame | Lost]:
        """Give out what waited for the end-to-end session, give up what has waited too long. To be called about twice a second."""
        if not self._waiting:
            return ()
        result: list[Frame | Lost] = []
        if self._cipher.ready:
            for ssrc in self._waiting.ssrcs():
                user_id = self._users.get(ssrc)
                result += self._claim(ssrc, now) if user_id is None else self._release(ssrc, user_id)
        result += self._told(now, everything=False)
        return result

    def _told(self, now: float, *, everything: bool) -> list[Lost]:
        return [
            Lost(None, unclaimed.at, unclaimed.packets * 0.02, "nobody could be found whose voice it is")
            for unclaimed in self._waiting.give_up(now, everything=everything)
            if unclaimed.packets >= TELL_UNCLAIMED
        ]

    def refuse(self, user_id: int) -> None:
        """This person's packets are dropped before they are decrypted or decoded.

        While the owner of an SSRC is looked for, a single frame may be decrypted; it is dropped too.
        """
        self._refused.add(user_id)

    def accept(self, user_id: int) -> None:
        """The person may be heard again."""
        self._refused.discard(user_id)
