"""Parser and sorter of the DCA1000's UDP packets.

A packet is a sequence number (4 bytes), a byte count (6 bytes), both little endian, and at most 1,456 bytes of samples
(DCA1000EVM user guide). The byte count is the number of bytes of samples sent before the packet. A card restarts both
counts with every recording. Positions are computed from the byte count alone, because the sequence number wraps around
after 6 TB.
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
# Largest number of packets by which a network is assumed to delay a packet, and after which it may repeat one.
MOST_DELAY, _MAX_REPEAT_DISTANCE = 4096, 8
_FAR_BYTES = MOST_DELAY * PACKET_BYTES


class Packet(NamedTuple):
    """Packet of a DCA1000.

    Args:
        number: Sequence number.
        start: Bytes of samples that the card sent before this packet in the recording.
        samples: Bytes of samples in this packet.
    """

    number: int
    start: int
    samples: memoryview

    @property
    def end(self) -> int:
        """Bytes of samples that the card has sent up to the end of this packet."""
        return self.start + len(self.samples)

    @classmethod
    def parse(cls, datagram: bytes | memoryview) -> Packet | None:
        """Parse a UDP datagram; return ``None`` if it is too short or too long to be a packet."""
        if not HEADER_BYTES < len(datagram) <= HEADER_BYTES + PACKET_BYTES:
            return None
        number, low, high = struct.unpack_from('<IIH', datagram)
        return cls(number, high << 32 | low, memoryview(datagram)[HEADER_BYTES:])


@dataclass(eq=False)
class PacketCounts:
    """Counts of the packets received from one recording.

    Args:
        recording: Number of the recording, from 0.
        packets: Packets whose samples are used.
        out_of_order: Packets among these that arrived after a later one.
        duplicates: Packets that arrived a second time.
        late: Packets that arrived after the sorter had stopped waiting for them; their samples are lost.
        first_number, last_number: Sequence numbers of the packets that arrived first and last.
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
        """Number of all packets that arrived."""
        return self.packets + self.duplicates + self.late


class PacketSorter:
    """Sorter of one card's packets, which also separates its recordings.

    A new recording is recognised when a position occurs a second time with other samples or long after the first time,
    or when positions fall back very far. Packets that rose to that position just before may have been taken for packets
    that fill gaps of the previous recording although they belong to the new one. Packets that fall back are therefore
    held in a run until one beyond all earlier packets arrives.

    A packet more than 4,096 packets away from all others is held until a second one is close to it.

    Args:
        max_delay: Number of packets to wait for a missing one, at most 4,096. Up to this many packets are held.

    Attributes:
        strays: Packets left out because no other packet was close to them.
    """

    def __init__(self, max_delay: int = MOST_DELAY) -> None:
        self.max_delay = min(max_delay, MOST_DELAY)
        self.strays = 0
        self._stray: Packet | None = None
        self._stray_is_last = False
        self._begin(0)

    def _begin(self, recording: int) -> None:
        self._counts = PacketCounts(recording)
        self._waiting: list[tuple[int, Packet]] = []  # a heap
        self._next = 0  # end of the samples handed out
        self._latest = -1  # largest start of all packets
        # packets that fell back, in rising order, each with whether it is a duplicate
        self._run: list[tuple[Packet, bool]] = []
        self._arrivals = 0
        self._places: OrderedDict[int, int] = OrderedDict()  # index of a packet among the arrivals, by its start
        self._recent: deque[Packet] = deque(maxlen=_MAX_REPEAT_DISTANCE)

    def push(self, packet: Packet) -> list[tuple[PacketCounts, Packet]]:
        """Add a packet in order of arrival.

        Returns:
            Packets that are now in order, each with the counts of its recording. The counts object of a recording is
            updated with later packets; each recording has its own.
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
        """Return the remaining packets. Packets pushed afterwards belong to another recording."""
        ordered = []
        if self._stray is not None and self._stray_is_last:  # no later packet contradicts it
            self.strays -= 1
            ordered = self._follow(self._stray)
        self._stray, self._stray_is_last = None, False
        return [*ordered, *self._end_recording()]

    def _follow(self, stray: Packet) -> list[tuple[PacketCounts, Packet]]:
        """Continue from a packet that is far away; one before the latest packet starts another recording."""
        ended = self._end_recording() if stray.start < self._latest else []
        return [*ended, *self._push(stray)]

    def _push(self, packet: Packet) -> list[tuple[PacketCounts, Packet]]:
        previous = self._recent[-1].start if self._recent else -1
        ordered = []
        if packet.start < previous or (packet.start == previous and self._is_another(packet)):
            ordered += self._take_run()  # a new run begins, or the run did not lead to this packet
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
        """Return whether the packet's position was seen before with other samples, or too long ago for a duplicate."""
        place = self._places.get(packet.start)
        if place is None:
            return False
        distance = self._arrivals - place
        return distance > _MAX_REPEAT_DISTANCE or self._recent[-distance] != packet

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
        """Return packets that follow without a gap, or after a gap that was waited for long enough."""
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
