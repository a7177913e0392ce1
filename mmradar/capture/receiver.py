"""One board's datagrams, taken from a socket by a thread of their own and made into frames."""

from __future__ import annotations

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
_WAIT_S = 0.1  # between looks whether to stop


class CaptureError(DataError):
    """A board, or the socket to it, does not do what it should."""


@dataclass(frozen=True)
class LiveBoardFrame:
    """A frame of one board.

    Args:
        view: Whose.
        number: Its number in the board's recording, from 0.
        arrived_s: When its last packet came, by ``time.monotonic``.
        words: int16 (loops, tx, words), as in a raw file, zeros where packets were lost.
        lost_bytes: How many are.
    """

    view: str
    number: int
    arrived_s: float
    words: Int16[np.ndarray, 'loops tx words']
    lost_bytes: int


class BoardReceiver:
    """Receives one board's datagrams until it is closed; frames wait in a queue.

    .. code-block:: python

        with BoardReceiver('hori', radar, port=4098) as board:
            frame = board.frames.get(timeout=1)

    Args:
        view: The board's.
        radar: What it records.
        port: UDP port; 0 takes a free one, see :attr:`address`.
        host: Address to listen on: of this computer alone unless told otherwise. A DCA1000 sends to 192.168.33.30.
        buffer_bytes: To ask of the system for datagrams that wait; see :attr:`buffer_bytes` for what it gave.
        frames: Where frames go; a queue of its own if ``None``.
        as_of: Radar whose order of words the frames are to have, if not the board's own.

    Attributes:
        packets, lost_bytes, num_frames: Counted since the beginning.

    Raises:
        CaptureError: The address is taken or is not this computer's.
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
            raise CaptureError(f'{view}: cannot listen on {host}:{port}: {error}') from error
        self._socket.settimeout(_WAIT_S)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._receive, name=f'receiver of {view}', daemon=True)
        self._thread.start()

    @property
    def address(self) -> tuple[str, int]:
        """(host, port) that datagrams are to go to."""
        return self._socket.getsockname()

    @property
    def buffer_bytes(self) -> int:
        """What the system holds for datagrams that wait; Linux counts twice what it gives for samples."""
        return self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)

    def close(self) -> None:
        """Stop, and let go of the socket."""
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
