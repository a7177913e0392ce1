"""Frames out of a DCA1000's datagrams, as they come from a socket."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import UInt8

from mmradar.radar.packets import Packet, PacketCounts, PacketSorter


@dataclass
class ReceivedFrame:
    """A frame that has come.

    Args:
        recording: How many recordings of the card came before.
        number: The frame's number in its recording, from 0. Numbers of which nothing came are left out.
        samples: Its bytes, zeros where packets are lost.
        lost: What is lost, as (offset in ``samples``, bytes).
    """

    recording: int
    number: int
    samples: UInt8[np.ndarray, 'bytes']
    lost: list[tuple[int, int]] = field(default_factory=list)


class FrameAssembler:
    """Makes frames of one card's datagrams, pushed one at a time.

    A frame comes out with its last packet, or with the next one if that packet was overtaken; where packets are
    missing, once ``max_delay`` later ones have come. Where the first packet is not a recording's first, the first frame
    waits as long for earlier ones. Packets may come out of order and again; a card that counts anew has begun another
    recording. At most one frame and ``max_delay`` packets are held, and up to 4,096 packets that fill gaps until it is
    clear that no recording begins with them.

    Args:
        frame_bytes: :attr:`mmradar.radar.RadarConfig.frame_bytes`.
        max_delay: For how many packets to wait for one that is missing, at most 4,096. Between a card and the computer
            that it is connected to, nothing overtakes; a frame of HuPR's radar is 540 packets.

    Attributes:
        counts: :class:`~mmradar.radar.packets.PacketCounts` of the recording whose packets came out last.
        ignored: Datagrams that are no packets.
    """

    def __init__(self, frame_bytes: int, max_delay: int = 64) -> None:
        self.frame_bytes = frame_bytes
        self.ignored = 0
        self._sorter = PacketSorter(max_delay)
        self._restart(PacketCounts(0))

    def _restart(self, counts: PacketCounts) -> None:
        self.counts = counts
        self._position = 0  # end of the samples that are in place, in the recording
        self._frame: ReceivedFrame | None = None

    @property
    def strays(self) -> int:
        """Packets that were left out because no other one was near them."""
        return self._sorter.strays

    def push(self, datagram: bytes | memoryview) -> list[ReceivedFrame]:
        """Take a UDP datagram of the card; it must not change afterwards. Returns frames that it completes."""
        packet = Packet.parse(datagram)
        if packet is None:
            self.ignored += 1
            return []
        return self._place(self._sorter.push(packet))

    def finish(self) -> list[ReceivedFrame]:
        """The frames that are left; the last one may have lost its end. Another recording follows."""
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
        """The frame in progress, with what of its end is missing."""
        frame, self._frame = self._frame, None
        if frame is None:
            return []
        end = (frame.number + 1) * self.frame_bytes
        if self._position < end:
            missing = end - self._position
            frame.lost.append((self.frame_bytes - missing, missing))
            self._position = end
        return [frame]
