"""Assembly of frames from a DCA1000's datagrams as a socket receives them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import UInt8

from mmradar.radar.packets import Packet, PacketCounts, PacketSorter


@dataclass
class ReceivedFrame:
    """A frame that has been received.

    Args:
        recording: Number of the card's recordings before this one.
        number: The frame's number in its recording, from 0. Frames of which no packet was received are skipped.
        samples: Its bytes, zeros where packets were lost.
        lost: Lost parts, as (offset in ``samples``, number of bytes).
    """

    recording: int
    number: int
    samples: UInt8[np.ndarray, 'bytes']
    lost: list[tuple[int, int]] = field(default_factory=list)


class FrameAssembler:
    """Assembler of frames from one card's datagrams, which are pushed one at a time.

    A frame is returned with its last packet, or with the packet after it if a later one overtook the last packet. If
    packets are missing, it is returned after ``max_delay`` later packets. If the first packet received is not the first
    of its recording, the first frame waits the same number of packets for earlier ones. Packets may arrive out of order
    or more than once. If the card's counters restart, another recording begins. The assembler holds at most one frame,
    ``max_delay`` packets, and up to 4,096 packets that fill gaps, until it is clear that they do not start another
    recording.

    Args:
        frame_bytes: Bytes of a frame, :attr:`mmradar.radar.RadarConfig.frame_bytes`.
        max_delay: Number of packets to wait for a missing one, at most 4,096. On a direct connection between card and
            computer, packets do not overtake each other; a frame of HuPR's radar has 540 packets.

    Attributes:
        counts: :class:`~mmradar.radar.packets.PacketCounts` of the recording that the most recently placed packet
            belongs to.
        ignored: Number of datagrams that are not packets of a card.
    """

    def __init__(self, frame_bytes: int, max_delay: int = 64) -> None:
        self.frame_bytes = frame_bytes
        self.ignored = 0
        self._sorter = PacketSorter(max_delay)
        self._restart(PacketCounts(0))

    def _restart(self, counts: PacketCounts) -> None:
        self.counts = counts
        self._position = 0  # end of the samples placed so far, in bytes from the start of the recording
        self._frame: ReceivedFrame | None = None

    @property
    def strays(self) -> int:
        """Number of packets that were left out because no other packet was near them."""
        return self._sorter.strays

    def push(self, datagram: bytes | memoryview) -> list[ReceivedFrame]:
        """Add a UDP datagram of the card, which must not change afterwards, and return the frames it completes."""
        packet = Packet.parse(datagram)
        if packet is None:
            self.ignored += 1
            return []
        return self._place(self._sorter.push(packet))

    def finish(self) -> list[ReceivedFrame]:
        """Return the remaining frames, the last of which may lack its end. Later datagrams start another recording."""
        return self._place(self._sorter.finish()) + self._close()

    def _place(self, ordered: list[tuple[PacketCounts, Packet]]) -> list[ReceivedFrame]:
        frames = []
        for counts, packet in ordered:
            if counts is not self.counts:
                frames += self._close()
                self._restart(counts)
            frames += self._write(packet)
        return frames

    def _write(self, packet: Packet) -> list[ReceivedFrame]:
        frames = []
        start = max(packet.start, self._position)
        while start < packet.end:
            number, offset = divmod(start, self.frame_bytes)
            if self._frame is None or self._frame.number != number:
                frames += self._close()
                samples = np.zeros(self.frame_bytes, np.uint8)
                self._frame, self._position = ReceivedFrame(self.counts.recording, number, samples), start - offset
            if start > self._position:
                self._frame.lost.append((offset - (start - self._position), start - self._position))
            piece = packet.samples[start - packet.start :][: self.frame_bytes - offset]
            self._frame.samples[offset : offset + len(piece)] = piece
            start = self._position = start + len(piece)
            if start % self.frame_bytes == 0:
                frames += self._close()
        return frames

    def _close(self) -> list[ReceivedFrame]:
        """Return the frame in progress, if any, with its missing end marked as lost."""
        frame, self._frame = self._frame, None
        if frame is None:
            return []
        end = (frame.number + 1) * self.frame_bytes
        if self._position < end:
            missing = end - self._position
            frame.lost.append((self.frame_bytes - missing, missing))
            self._position = end
        return [frame]
