"""Boards -> frames of all views -> poses, in a thread of its own."""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np
from torch import nn

from mmradar.apis import RadarPoseStream, StreamedPose
from mmradar.capture import BoardReceiver, FramePairer, LiveBoardFrame, PairedFrame, check_boards_radar
from mmradar.live.recorder import LiveRecorder
from mmradar.radar import RadarConfig

_WAIT_S = 0.05
_RATE_FRAMES = 20  # that the frame rate is a mean of
_MOST_BEHIND = 2  # frames of each board that may wait before poses are left out


@dataclass(frozen=True)
class LivePose:
    """A pose, and how the session does.

    Args:
        pose: Of a frame.
        latency_s: From the arrival of the last packet of the newest frame to now, the network's and the processing's
            share of the delay; the frames that the model waits for come on top.
        frame_rate_hz: Of poses, lately.
        behind: Frames that wait.
        left_out: Poses that were left out to catch up, since the beginning.
    """

    pose: StreamedPose
    latency_s: float
    frame_rate_hz: float
    behind: int
    left_out: int


class LiveSession:
    """Runs a model on boards that are recording, until it is closed.

    Where the model takes longer than frames come, poses are left out, frames are not: recordings stay whole.

    Args:
        model: Of :func:`~mmradar.apis.init_model`.
        addresses: (host, port) to listen on for each of the model's views.
        on_pose: Called with every pose, in the session's thread.
        record_dir: Folder for recordings.
        look_ahead, poses_per_window, average: As of :class:`~mmradar.apis.RadarPoseStream`.
        radar: What the boards record, if their words lie in another order than the model's radar has them.

    Raises:
        ConfigError: Other views than the model's, or boards that record something else than its radar.
        CaptureError: An address that cannot be listened on.
    """

    def __init__(
        self,
        model: nn.Module,
        addresses: Mapping[str, tuple[str, int]],
        on_pose: Callable[[LivePose], None],
        record_dir: str | Path = 'recordings',
        look_ahead: int | None = None,
        poses_per_window: int = 1,
        average: int = 1,
        radar: RadarConfig | None = None,
    ) -> None:
        self.stream = RadarPoseStream(model, look_ahead, poses_per_window, average)
        self.stream.check_views(addresses)
        wanted = self.stream.radar
        radar = wanted if radar is None else radar
        check_boards_radar(radar, wanted)
        # the first pose takes seconds, which builds kernels and fills caches: not while frames come
        rehearsal = RadarPoseStream(model, look_ahead, poses_per_window, average)
        rehearsal.push(dict.fromkeys(rehearsal.views, np.zeros(wanted.frame_shape, np.complex64)))
        rehearsal.finish()
        words = (wanted.chirp_bytes - wanted.header_bytes) // 2
        self.recorder = LiveRecorder(Path(record_dir), self.stream.views, (wanted.num_loops, wanted.num_tx, words))
        self._on_pose, self._recording_wanted = on_pose, False
        self._frames: queue.Queue[LiveBoardFrame] = queue.Queue()
        self._pairer = FramePairer(self.stream.views, 1 / radar.frame_rate_hz)
        self._last_s = float('-inf')
        self._times: deque[float] = deque(maxlen=_RATE_FRAMES)
        self.left_out = 0
        self.error: BaseException | None = None
        self.boards: dict[str, BoardReceiver] = {}
        self._closing = threading.Event()
        try:
            for view in self.stream.views:
                host, port = addresses[view]
                self.boards[view] = BoardReceiver(view, radar, port, host, frames=self._frames, as_of=wanted)
        except BaseException:
            self._close_boards()
            raise
        self._thread = threading.Thread(target=self._run, name='live session', daemon=True)
        self._thread.start()

    def record(self, wanted: bool) -> None:
        """Begin or end a recording with the next frame."""
        self._recording_wanted = wanted

    def close(self) -> None:
        """Stop, and let go of the sockets."""
        self._closing.set()
        self._thread.join()
        self._close_boards()
        self.recorder.stop()

    def __enter__(self) -> LiveSession:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _close_boards(self) -> None:
        for board in self.boards.values():
            board.close()

    def _run(self) -> None:
        try:
            while not self._closing.is_set():
                try:
                    ready = self._pairer.push(self._frames.get(timeout=_WAIT_S))
                except queue.Empty:
                    ready = self._pairer.due(time.monotonic())
                for frame in ready:
                    self._process(frame)
        except BaseException as error:  # shown on the page, raised by whoever closes
            self.error = error

    def _process(self, frame: PairedFrame) -> None:
        if self._recording_wanted != self.recorder.running:
            if self._recording_wanted:
                self.recorder.start()
            else:
                self.recorder.stop()
        self.recorder.write(frame.words)
        # a board's clock may be found to be behind what was taken for it
        self._last_s = max(frame.time_s, self._last_s + 1e-3)
        hurry = self._frames.qsize() > _MOST_BEHIND * len(self.boards)
        self.left_out += hurry
        for pose in self.stream.push(frame.words, self._last_s, hurry):
            now = time.monotonic()
            self._times.append(now)
            span = now - self._times[0]
            rate = sum(time_s > self._times[0] for time_s in self._times) / span if span > 0 else 0.0
            self._on_pose(LivePose(pose, now - frame.last_arrival_s, rate, self._frames.qsize(), self.left_out))
