"""Receiver of one board's datagrams, which a thread reads from a socket and assembles to frames."""

from __future__ import annotations

import errno
import queue
import socket
import threading
import time
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int16

from mmradar.errors import DataError
from mmradar.radar import FrameAssembler, RadarConfig, ReceivedFrame, reorder_words
from mmradar.radar.packets import DATA_PORT

_LARGEST_DATAGRAM = 2048
_WAIT_S = 0.1  # between checks whether to stop


class CaptureError(DataError):
    """Failure of a board or of a socket for it."""


@dataclass(frozen=True)
class LiveBoardFrame:
    """Frame of one board.

    Args:
        view: Name of the board's view.
        number: Number of the frame in the board's recording, from 0.
        arrived_s: Time at which its last packet arrived, by ``time.monotonic``.
        words: int16 (loops, tx, words), as in a raw file, zeros where packets were lost.
        lost_bytes: Number of lost bytes.
    """

    view: str
    number: int
    arrived_s: float
    words: Int16[np.ndarray, 'loops tx words']
    lost_bytes: int


class BoardReceiver:
    """Receiver of one board's datagrams, which puts frames in a queue until it is closed.

    .. code-block:: python

        with BoardReceiver('hori', radar, port=4098) as board:
            frame = board.frames.get(timeout=1)

    Args:
        view: Name of the board's view.
        radar: The radar with which the board records.
        port: UDP port; 0 selects a free one, see :attr:`address`.
        host: Address to listen on; by default only datagrams from this computer are received. A DCA1000 sends to
            192.168.33.30.
        buffer_bytes: Size of the receive buffer to request from the system; :attr:`buffer_bytes` is the actual size.
        frames: Queue for the frames; a new one if ``None``.
        as_of: Radar to whose order of words frames are converted; ``radar`` if ``None``.

    Attributes:
        frames: Queue of the received frames.
        packets: Datagrams received so far.
        lost_bytes: Bytes lost so far.
        num_frames: Frames put in the queue so far.

    Raises:
        CaptureError: The address is in use or does not belong to this computer.
    """

    def __init__(
        self,
        view: str,
        radar: RadarConfig,
        port: int = DATA_PORT,
        host: str = '127.0.0.1',
        buffer_bytes: int = 16 << 20,
        frames: queue.Queue[LiveBoardFrame] | None = None,
        as_of: RadarConfig | None = None,
    ) -> None:
        self.view, self.radar, self._as_of = view, radar, as_of or radar
        self.frames: queue.Queue[LiveBoardFrame] = queue.Queue() if frames is None else frames
        self.packets = self.lost_bytes = self.num_frames = 0
        self._assembler = FrameAssembler(radar.frame_bytes)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
            self._socket.bind((host, port))
        except (OSError, OverflowError) as error:
            self._socket.close()
            reason = str(error)
            if getattr(error, 'errno', None) == errno.EADDRNOTAVAIL:
                reason = 'this computer has no such address; give it to the network interface of the board'
            raise CaptureError(f'{view}: cannot listen on {host}:{port}: {reason}') from error
        self._socket.settimeout(_WAIT_S)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._receive, name=f'receiver of {view}', daemon=True)
        self._thread.start()

    @property
    def address(self) -> tuple[str, int]:
        """(host, port) on which the receiver listens."""
        return self._socket.getsockname()

    @property
    def buffer_bytes(self) -> int:
        """Actual size of the receive buffer; Linux reports twice the size that is available for data."""
        return self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)

    def close(self) -> None:
        """Stop receiving and close the socket."""
        self._closing.set()
        self._thread.join()
        self._socket.close()

    def __enter__(self) -> BoardReceiver:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def _receive(self) -> None:
        while not self._closing.is_set():
            try:
                datagram = self._socket.recv(_LARGEST_DATAGRAM)
            except TimeoutError:
                continue
            self.packets += 1
            for frame in self._assembler.push(datagram):
                self._hand_out(frame)

    def _hand_out(self, frame: ReceivedFrame) -> None:
        lost = sum(size for _, size in frame.lost)
        self.lost_bytes += lost
        self.num_frames += 1
        shape = (self.radar.num_loops, self.radar.num_tx, -1)
        words = frame.samples.view('<i2').reshape(shape)[..., self.radar.header_bytes // 2 :]
        words = reorder_words(words, self.radar, self._as_of)
        self.frames.put(LiveBoardFrame(self.view, frame.number, time.monotonic(), words, lost))
