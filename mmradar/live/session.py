"""Live session: a thread that turns the datagrams of boards into frames of all views, and frames into poses."""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from mmengine.model import BaseModel

from mmradar.apis import RadarPoseStream, StreamedPose
from mmradar.capture import BoardReceiver, FramePairer, LiveBoardFrame, PairedFrame, check_boards_radar
from mmradar.live.recorder import LiveRecorder
from mmradar.radar import RadarConfig

_WAIT_S = 0.05
_RATE_FRAMES = 20  # number of poses over which the frame rate is averaged
_MAX_QUEUED = 2  # frames of each board that may wait before poses are left out


@dataclass(frozen=True)
class LivePose:
    """Pose with the state of the session.

    Args:
        pose: Pose of a frame.
        latency_s: Time since the last packet of the newest frame arrived. It is the delay of processing; the frames for
            which the model waits add to it.
        frame_rate_hz: Recent rate of poses.
        behind: Frames in the queue.
        left_out: Poses left out to catch up, since the start of the session.
    """

    pose: StreamedPose
    latency_s: float
    frame_rate_hz: float
    behind: int
    left_out: int


class LiveSession:
    """Session that runs a model on recording boards until it is closed.

    If the model is slower than the boards, poses are left out but no frames, so that recordings stay complete.

    Args:
        model: Model from :func:`~mmradar.apis.init_model`.
        addresses: Address (host, port) to listen on for each of the model's views.
        on_pose: Called with every pose, in the session's thread.
        record_dir: Folder for recordings.
        radar: Radar with which the boards record, if its order of words differs from the model's radar; the model's
            radar if ``None``.
        **options: Further arguments of :class:`~mmradar.apis.RadarPoseStream`.

    Attributes:
        stream: The stream of poses.
        recorder: The recorder of frames.
        boards: Receivers by view.
        error: Error that ended the session's thread; ``None`` while it runs.

    Raises:
        ConfigError: The views are not the model's, the boards record with another radar than the model's, or the
            stream refuses an option.
        CaptureError: An address cannot be listened on.
    """

    def __init__(
        self,
        model: BaseModel,
        addresses: Mapping[str, tuple[str, int]],
        on_pose: Callable[[LivePose], None],
        record_dir: str | Path = 'recordings',
        radar: RadarConfig | None = None,
        **options: Any,
    ) -> None:
        self.stream = RadarPoseStream(model, **options)
        self.stream.check_views(addresses)
        wanted = self.stream.radar
        radar = wanted if radar is None else radar
        check_boards_radar(radar, wanted)
        # the first pose takes seconds, as it builds kernels and fills caches: compute one before frames arrive
        rehearsal = RadarPoseStream(model, **options)
        rehearsal.push(dict.fromkeys(rehearsal.views, np.zeros(wanted.frame_shape, np.complex64)))
        rehearsal.finish()
        words = (wanted.chirp_bytes - wanted.header_bytes) // 2
        self.recorder = LiveRecorder(Path(record_dir), self.stream.views, (wanted.num_loops, wanted.num_tx, words))
        self._on_pose, self._recording_wanted = on_pose, False
        self._frames: queue.Queue[LiveBoardFrame] = queue.Queue()
        self._pairer = FramePairer(self.stream.views, 1 / radar.frame_rate_hz)
        self._last_s = float('-inf')
        self._times: deque[float] = deque(maxlen=_RATE_FRAMES)
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
        """Start or end a recording with the next frame."""
        self._recording_wanted = wanted

    def close(self) -> None:
        """Stop the session, and close the sockets and the recording."""
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
        except BaseException as error:  # a thread cannot raise it; callers check `error`
            self.error = error

    def _process(self, frame: PairedFrame) -> None:
        if self._recording_wanted != self.recorder.running:
            if self._recording_wanted:
                self.recorder.start()
            else:
                self.recorder.stop()
        self.recorder.write(frame.words)
        # the estimate of a board's clock may be corrected backwards; the stream needs increasing times
        self._last_s = max(frame.time_s, self._last_s + 1e-3)
        hurry = self._frames.qsize() > _MAX_QUEUED * len(self.boards)
        for pose in self.stream.push(frame.words, self._last_s, hurry):
            now = time.monotonic()
            self._times.append(now)
            span = now - self._times[0]
            rate = sum(time_s > self._times[0] for time_s in self._times) / span if span > 0 else 0.0
            self._on_pose(LivePose(pose, now - frame.last_arrival_s, rate, self._frames.qsize(), self.stream.left_out))
