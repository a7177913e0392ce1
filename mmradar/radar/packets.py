"""The DCA1000's UDP packets, put in order as they come.

Every packet says with its sequence number how many came before it, and with its byte count how many bytes of samples
(DCA1000EVM user guide): 4 and 6 bytes, little endian, before at most 1,456 bytes of samples. A card counts anew in
every recording. Places follow from the byte count alone: the sequence number comes round again after 6 TB.
"""

from __future__ import annotations

import struct
from collections import OrderedDict, deque
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import NamedTuple

PACKET_BYTES = 1456
HEADER_BYTES = 10
DATA_PORT = 4098
# No network delays a packet by as many others, or brings it again as many packets after the first time.
MOST_DELAY, _AGAIN = 4096, 8
_FAR_BYTES = MOST_DELAY * PACKET_BYTES


class Packet(NamedTuple):
    """A packet.

    Args:
        number: Its sequence number.
        start: Bytes of samples that the card had sent before it in this recording.
        samples: Its own.
    """

    number: int
    start: int
    samples: memoryview

    @property
    def end(self) -> int:
        """Bytes of samples that the card had sent with it."""
        return self.start + len(self.samples)

    @classmethod
    def parse(cls, datagram: bytes | memoryview) -> Packet | None:
        """The packet that a UDP datagram is; ``None`` of one that is too short or too long to be one."""
        if not HEADER_BYTES < len(datagram) <= HEADER_BYTES + PACKET_BYTES:
            return None
        number, low, high = struct.unpack_from('<IIH', datagram)
        return cls(number, high << 32 | low, memoryview(datagram)[HEADER_BYTES:])


@dataclass(eq=False)
class PacketCounts:
    """What came of one recording.

    Args:
        recording: How many recordings came before it.
        packets: Packets that carried its samples.
        out_of_order: Those of them that came after a later one.
        duplicates: Packets that came again.
        late: Packets that came when nobody waited for them any more; their samples are lost.
        first_number, last_number: Sequence numbers of the packets that came first and last.
    """

    recording: int
    packets: int = 0
    out_of_order: int = 0
    duplicates: int = 0
    late: int = 0
    first_number: int = 0
    last_number: int = 0

    @property
    def received(self) -> int:
        """All packets that came."""
        return self.packets + self.duplicates + self.late


class PacketSorter:
    """Puts one card's packets in order as they come, and tells its recordings apart.

    Another recording has begun where the same samples' place comes again with other ones or long after the first time,
    and where places fall back very far. Packets just before that, rising to it, then filled gaps of the recording that
    had ended, and are taken back; so packets that fall back are held until a later one than all before has come.

    A packet far from all others, more than 4,096 of them, is taken once another one agrees with it.

    Args:
        max_delay: For how many packets to wait for one that is missing, at most 4,096; as many are held.
    """

    def __init__(self, max_delay: int = MOST_DELAY) -> None:
        self.max_delay = min(max_delay, MOST_DELAY)
        self.strays = 0  # packets that no other one agreed with
        self._stray: Packet | None = None
        self._stray_is_last = False
        self._begin(0)

    def _begin(self, recording: int) -> None:
        self._counts = PacketCounts(recording)
        self._waiting: list[tuple[int, Packet]] = []  # a heap
        self._next = 0  # end of what was handed out
        self._latest = -1  # start of the packet furthest on
        self._run: list[tuple[Packet, bool]] = []  # packets that fell back, rising; with whether they came again
        self._arrivals = 0
        self._places: OrderedDict[int, int] = OrderedDict()  # of packets among the arrivals, by their start
        self._recent: deque[Packet] = deque(maxlen=_AGAIN)

    def push(self, packet: Packet) -> list[tuple[PacketCounts, Packet]]:
        """Take a packet.

        Returns:
            Packets whose turn it is, with the counts of their recording, which go on. Another recording has others.
        """
        self._stray_is_last = self._arrivals > 0 and abs(packet.start - self._latest) > _FAR_BYTES
        if not self._stray_is_last:
            return self._push(packet)
        stray, self._stray = self._stray, packet
        self.strays += 1
        if stray is None or abs(packet.start - stray.start) > _FAR_BYTES:
            return []
        self._stray, self._stray_is_last = None, False
        self.strays -= 2
        return [*self._follow(stray), *self._push(packet)]

    def finish(self) -> list[tuple[PacketCounts, Packet]]:
        """The packets that are left. What is pushed afterwards is another recording."""
        ordered = []
        if self._stray_is_last:  # nothing spoke against it
            self.strays -= 1
            ordered = self._follow(self._stray)
        self._stray, self._stray_is_last = None, False
        return [*ordered, *self._end_recording()]

    def _follow(self, stray: Packet) -> list[tuple[PacketCounts, Packet]]:
        """Go on from a packet that is far away: behind all others it is another recording's."""
        ended = self._end_recording() if stray.start < self._latest else []
        return [*ended, *self._push(stray)]

    def _push(self, packet: Packet) -> list[tuple[PacketCounts, Packet]]:
        previous = self._recent[-1].start if self._recent else -1
        ordered = []
        if packet.start < previous or (packet.start == previous and self._is_another(packet)):
            ordered += self._take_run()  # another run begins, or none of it belongs to this packet
        if self._is_another(packet):
            run, self._run = self._run, []
            ordered += self._end_recording()
            for earlier, _ in run:
                ordered += self._push(earlier)
            return ordered + self._push(packet)
        again = packet.start in self._places
        self._remember(packet)
        if packet.start < previous or self._run:
            self._run.append((packet, again))
            return ordered + (self._take_run() if packet.start > self._latest else [])
        return ordered + self._take(packet, again)

    def _is_another(self, packet: Packet) -> bool:
        """Whether a packet's place was another's of this recording."""
        place = self._places.get(packet.start)
        if place is None:
            return False
        distance = self._arrivals - place
        return distance > _AGAIN or self._recent[-distance] != packet

    def _remember(self, packet: Packet) -> None:
        self._places.setdefault(packet.start, self._arrivals)
        self._recent.append(packet)
        self._arrivals += 1
        if len(self._places) > 2 * MOST_DELAY:
            self._places.popitem(last=False)

    def _take_run(self) -> list[tuple[PacketCounts, Packet]]:
        run, self._run = self._run, []
        return [each for packet, again in run for each in self._take(packet, again)]

    def _take(self, packet: Packet, again: bool) -> list[tuple[PacketCounts, Packet]]:
        counts = self._counts
        if not counts.received:
            counts.first_number = packet.number
        counts.last_number = packet.number
        if again:
            counts.duplicates += 1
            return []
        if packet.start < self._next:
            counts.late += 1
            return []
        counts.packets += 1
        counts.out_of_order += packet.start < self._latest
        self._latest = max(self._latest, packet.start)
        heappush(self._waiting, (packet.start, packet))
        return self._hand_out()

    def _hand_out(self, wait: bool = True) -> list[tuple[PacketCounts, Packet]]:
        """Packets whose turn it is: the next one, or one that was waited for long enough."""
        ordered, delay_bytes = [], self.max_delay * PACKET_BYTES
        while self._waiting:
            start, packet = self._waiting[0]
            in_time = self._latest - start < delay_bytes and len(self._waiting) <= self.max_delay
            if wait and start > self._next and in_time:
                break
            heappop(self._waiting)
            self._next = max(self._next, packet.end)
            ordered.append((self._counts, packet))
        return ordered

    def _end_recording(self) -> list[tuple[PacketCounts, Packet]]:
        ordered = [*self._take_run(), *self._hand_out(wait=False)]
        if self._arrivals:
            self._begin(self._counts.recording + 1)
        return ordered
