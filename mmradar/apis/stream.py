"""Inference on a stream of frames, one frame at a time."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from mmengine.dataset import pseudo_collate
from mmengine.model import BaseModel

from mmradar.apis.inference import recording_dataset, views_and_radar
from mmradar.apis.models import config_of
from mmradar.apis.pose_lifting import PoseLifting
from mmradar.apis.presence import seen_range_bins, somebody_moves
from mmradar.apis.window_predictor import window_predictor
from mmradar.errors import ConfigError, DataError
from mmradar.models.layers import FrameMemory, PerFrame, remembered
from mmradar.radar import MemoryRecording, RawRecording, Recording, echo_strength_db
from mmradar.structures import RadarWindow

# A frame of one view: complex (antennas, loops, samples), or int16 words (loops, tx, words) of a raw file without
# chirp headers; None if the view is missing.
LiveFrame = np.ndarray | None


@dataclass(frozen=True)
class StreamedPose:
    """Pose of one frame of a stream.

    Args:
        frame: Number of the frame, from 0.
        time_s: Time of the frame, as given to :meth:`RadarPoseStream.push`.
        keypoints: Keypoints in px or m, (people, joints, dims); no people if ``min_echo_db`` is given and the window
            has only weaker echoes.
        scores: Scores of the keypoints, (people, joints).
        heatmaps: Network input of the frame, after the whole pipeline: (views, channels, angle, Doppler, range).
        missing: Views that had no data in this frame; all views if the frame was lost.
        computed_s: Seconds from the start of the push that completed the pose until it was computed.
        keypoints_3d_m: Keypoints lifted to 3D, (joints, 3) in m relative to the root, in camera axes (x right, y down,
            z away); ``None`` if nobody was found or nothing lifts the stream.
        echo_db: Strongest echo of each view within the window, in dB above the noise; ``None`` without ``min_echo_db``.
    """

    frame: int
    time_s: float
    keypoints: np.ndarray
    scores: np.ndarray
    heatmaps: np.ndarray
    missing: tuple[str, ...]
    computed_s: float
    keypoints_3d_m: np.ndarray | None = None
    echo_db: np.ndarray | None = None


class _Frame(NamedTuple):
    """Frame that waits for its pose: its missing views, its arrays by name, and the echo of each view in dB."""

    number: int
    time_s: float
    missing: tuple[str, ...]
    arrays: dict[str, np.ndarray]
    echo_db: list[float]


def frames_around_key(window: RadarWindow, poses_per_window: int) -> tuple[int, int]:
    """Return the numbers of frames before and after the key frame whose poses are taken from the key frame's window.

    The key frame and these frames are ``poses_per_window`` frames. The two numbers are equal, or differ by one, unless
    the key frame is too close to an end of the window.
    """
    after = min((poses_per_window - 1) // 2, window.num_frames - 1 - window.key_index)
    before = min(poses_per_window - 1 - after, window.key_index)
    return before, poses_per_window - 1 - before


class RadarPoseStream:
    """Predictor of poses from frames that arrive one at a time.

    By default, the poses equal those that the model predicts from the same frames in a file. The per-frame part of the
    pipeline, up to the normalised heatmap, runs once per frame, and so do layers of the network that treat each frame
    alone (:class:`~mmradar.models.layers.PerFrame`); packing and the rest of the network run once per window.

    A pose is available once the frames after it in its window have arrived. There are none if the key frame is the last
    frame of the window. Before the first and after the last frame of a recording, a window repeats that frame, as in a
    data set; :meth:`finish` returns the remaining poses.

    For a model that predicts all frames of a window there are three options:

    - ``poses_per_window`` = n runs the network once per n frames, at an n-th of the cost. Poses come in bursts of n.
    - A ``look_ahead`` smaller than the model's own makes poses available earlier.
    - ``average`` = n averages the poses of a frame over those of the latest n windows that contain it. The poses are
      slightly more accurate and smoother, and no later.

    The first two take poses of frames with less context on one side, so that the poses differ from those of a file and
    are slightly less accurate.

    If a view is missing from a frame, its last frame is repeated, and the pose lists the view as missing. If the times
    show that whole frames were lost, these are filled in as frames without any view, so that the frames of a window
    keep the spacing for which the model was trained. After a gap of at least one window's length a new recording
    begins, and windows contain no frame from before the gap. Frames are skipped until every view has arrived once.

    A network predicts a pose of an empty room, too. With ``min_echo_db``, there is one only if somebody moves, see
    :func:`~mmradar.apis.presence.somebody_moves`.

    With a ``lifter``, poses are also lifted to 3D, at the times of their frames. It starts anew with each recording.

    Args:
        model: See :func:`~mmradar.apis.init_model`.
        look_ahead: Number of frames after the key frame in a window; that of the configuration's test set if ``None``.
        poses_per_window: Number of frames around the key frame whose poses are taken from one window.
        average: Number of latest windows over which the poses of a frame are averaged.
        min_echo_db: Weakest echo of a person, in dB above the noise; such as
            ``mmradar.radar.MIN_ECHO_DB``. With ``None``, somebody is taken to be there.
        amp: Run the network in mixed precision with bfloat16: faster on processors with units for it (AVX-512 BF16 or
            AMX), slower on others.
        lifter, min_score: See :class:`~mmradar.apis.pose_lifting.PoseLifting`; poses stay 2D if ``lifter`` is ``None``.

    Attributes:
        window: The network's window: its number of frames and its key frame.
        skipped: Number of frames without a pose because some view had not arrived yet.
        left_out: Number of poses left out by ``hurry``.

    Raises:
        ConfigError: An option exceeds the frames of a window, the model predicts only the key frame of a window and an
            option is not the default, or the lifter does not fit the model.
    """

    def __init__(
        self,
        model: BaseModel,
        look_ahead: int | None = None,
        poses_per_window: int = 1,
        average: int = 1,
        min_echo_db: float | None = None,
        amp: bool = False,
        lifter: BaseModel | None = None,
        min_score: float = 0.0,
    ) -> None:
        self.model = model.eval()
        config = config_of(model)
        self.views, self.radar = views_and_radar(config)
        # this data set is built for its pipeline, window and meta information; its recording is never read
        nothing = np.zeros((1, *self.radar.frame_shape), np.complex64)
        dataset = recording_dataset(config, {view: MemoryRecording(nothing, self.radar, view) for view in self.views})
        self.window, self.image_size = dataset.window, dataset.image_size
        self._pipeline, self._info = dataset.pipeline, dataset.get_data_info(0)
        self.min_echo_db, self._range_bins = min_echo_db, seen_range_bins(dataset.pipeline)
        own = self.look_ahead
        look_ahead = own if look_ahead is None else look_ahead
        self._window_predictor = window_predictor(model)
        layers = [layer for layer in model.modules() if isinstance(layer, PerFrame)]
        self._memories: dict[PerFrame, FrameMemory] = {layer: FrameMemory() for layer in layers}
        self._check_choices(look_ahead, poses_per_window, average, own)
        self.window = RadarWindow(self.window.num_frames, self.window.num_frames - 1 - look_ahead)
        self.poses_per_window, self.average, self.amp = poses_per_window, average, amp
        self._before, self._after = frames_around_key(self.window, poses_per_window)
        meta = getattr(model, 'dataset_meta', None)
        self._lifting = None if lifter is None else PoseLifting(lifter, meta, self.image_size, min_score)
        self.skipped = self.left_out = 0
        self._count = 0  # frames pushed
        self._start_recording()

    def _check_choices(self, look_ahead: int, poses_per_window: int, average: int, own_look_ahead: int) -> None:
        frames = self.window.num_frames
        if not 0 <= look_ahead < frames:
            raise ConfigError(
                f'look_ahead must be 0 to {frames - 1}, a window having {frames} frames; found {look_ahead}'
            )
        if not 1 <= poses_per_window <= frames:
            raise ConfigError(
                f'poses_per_window must be 1 to {frames}, the frames of a window; found {poses_per_window}'
            )
        if average < 1:
            raise ConfigError(f'average must be at least 1 window, found {average}')
        as_in_a_file = (look_ahead, poses_per_window, average) == (own_look_ahead, 1, 1)
        if not as_in_a_file and self._window_predictor is None:
            raise ConfigError(
                'the model predicts the key frame of a window alone: leave look_ahead, poses_per_window and average as '
                'they are'
            )

    def _start_recording(self) -> None:
        """Forget all earlier frames; the next frame is the first of a new recording."""
        self._first = self._count  # number of the recording's first frame
        self._next = self._count  # number of the frame whose pose is next
        self._last_s = -np.inf
        self._frames: deque[_Frame] = deque(maxlen=self.window.num_frames)  # the latest ones
        self._latest: dict[str, tuple[dict[str, np.ndarray], float]] = {}  # arrays and echo of each view
        # of the latest windows: number of the first frame, keypoints and scores
        self._windows: deque[tuple[int, np.ndarray, np.ndarray]] = deque(maxlen=self.average)
        if self._lifting is not None:
            self._lifting.reset()

    @property
    def lifted(self) -> bool:
        """Whether poses are lifted to 3D."""
        return self._lifting is not None

    @property
    def look_ahead(self) -> int:
        """Number of frames after the key frame in a window."""
        return self.window.num_frames - 1 - self.window.key_index

    @property
    def wait(self) -> int:
        """Largest number of later frames that a pose waits for: ``look_ahead``, plus the wait for its burst."""
        return self.look_ahead + self._before

    @property
    def wait_s(self) -> float:
        """:attr:`wait` in seconds, at the radar's frame rate."""
        return self.wait / self.radar.frame_rate_hz

    def push(
        self, frames_by_view: Mapping[str, LiveFrame], time_s: float | None = None, hurry: bool = False
    ) -> list[StreamedPose]:
        """Process the next frame of all views.

        Args:
            frames_by_view: Complex samples (antennas, loops, samples), or int16 words (loops, tx, words) in the layout
                of a raw file without chirp headers, by view. A missing view is ``None`` or absent.
            time_s: Time of the frame; computed from its number and the radar's frame rate if ``None``.
            hurry: Skip the poses that are due, to catch up with frames that are queued. Later poses are not affected.

        Returns:
            Poses that are now available, in order: none, or those of one window. After a gap also those of the lost
            frames; at the start of a new recording also the remaining ones of the last recording.

        Raises:
            ConfigError: A view is unknown to the model.
            DataError: The time is before that of an earlier frame, or the frame is of another radar.
        """
        started = time.perf_counter()
        self._check_known(frames_by_view)
        time_s = self._count / self.radar.frame_rate_hz if time_s is None else float(time_s)
        if time_s < self._last_s:
            raise DataError(f'a frame of {time_s:.3f} s came after one of {self._last_s:.3f} s')
        poses: list[StreamedPose] = []
        lost = round((time_s - self._last_s) * self.radar.frame_rate_hz) - 1 if self._frames else 0
        if lost >= self.window.num_frames:
            poses, lost = self.finish(), 0
        between_s = np.linspace(self._last_s, time_s, lost + 2)[1:-1] if lost > 0 else ()
        for lost_s in between_s:
            poses += self._append(self.views, float(lost_s), started, hurry)
        self._last_s = time_s
        missing = tuple(view for view in self.views if frames_by_view.get(view) is None)
        for view in self.views:
            frame = frames_by_view.get(view)
            if frame is not None:
                self._latest[view] = self._process_frame(view, frame)
        if len(self._latest) < len(self.views):
            self.skipped += 1
            return poses
        return poses + self._append(missing, time_s, started, hurry)

    def _append(self, missing: tuple[str, ...], time_s: float, started: float, hurry: bool) -> list[StreamedPose]:
        """Append a frame made of the latest data of each view, and return the poses that it completes."""
        latest = [self._latest[view] for view in self.views]
        arrays = {name: np.stack([of_view[name] for of_view, _ in latest]) for name in latest[0][0]}
        self._frames.append(_Frame(self._count, time_s, missing, arrays, [echo_db for _, echo_db in latest]))
        self._count += 1
        if self._count - self._next <= self.wait:
            return []
        if hurry:
            self._next += self.poses_per_window
            self.left_out += self.poses_per_window
            return []
        return self._poses(started)

    def check_views(self, views: Iterable[str]) -> None:
        """Raise unless ``views`` are the model's views, in any order.

        Raises:
            ConfigError: A view is unknown or missing.
        """
        self._check_known(views)
        if lacking := [view for view in self.views if view not in views]:
            raise ConfigError(f'the model takes the views {", ".join(self.views)}, and {lacking[0]!r} is missing')

    def _check_known(self, views: Iterable[str]) -> None:
        """Raise if a view is not one of the model's."""
        if unknown := set(views) - set(self.views):
            raise ConfigError(f'the model takes the views {", ".join(self.views)}, found {min(unknown)!r}')

    def finish(self) -> list[StreamedPose]:
        """Return the poses that still wait for later frames, from windows that repeat the last frame.

        The next frame starts a new recording.
        """
        poses = []
        while self._next < self._count:
            poses += self._poses(time.perf_counter())
        self._start_recording()
        return poses

    def _process_frame(self, view: str, frame: np.ndarray) -> tuple[dict[str, np.ndarray], float]:
        """Run the per-frame part of the pipeline on a frame of one view.

        Returns:
            Its arrays by name, and the strength of its echo in dB, NaN without ``min_echo_db``.

        Raises:
            DataError: The frame is of another radar.
        """
        frame = np.asarray(frame)
        recording: Recording
        if frame.dtype == np.int16:
            radar = replace(self.radar, header_bytes=0)
            expected = (radar.num_loops, radar.num_tx, radar.chirp_bytes // 2)
            if frame.shape != expected:
                raise DataError(f'{view}: expected int16 words {expected} of a frame, found {frame.shape}')
            recording = RawRecording(frame[None], Path(view), radar)
        else:
            recording = MemoryRecording(frame[None], self.radar, view)
        found = self._pipeline.frame_stage(view, recording, np.zeros(1, int))
        echo_db = np.nan
        if self.min_echo_db is not None:
            echo_db = float(echo_strength_db(recording, [0], self._range_bins)[0])
        return {name: np.asarray(array[0]) for name, array in found.items()}, echo_db

    def _poses(self, started: float) -> list[StreamedPose]:
        """Predict the poses of the next frames that wait, as many as are taken from one window."""
        key = min(self._next + self._before, self._count - 1)
        oldest = self._frames[0].number
        in_window = self._first + self.window.frames(key - self._first, self._count - self._first)
        frames = [self._frames[number - oldest] for number in in_window]
        arrays = {name: np.stack([frame.arrays[name] for frame in frames]) for name in frames[0].arrays}
        inputs = self._pipeline.window_stage({**self._info, **arrays})
        if inputs is None:
            raise ConfigError(
                'a transform of the test pipeline returned None for a window; a stream cannot leave it out'
            )
        numbers = range(self._next, min(key + self._after, self._count - 1) + 1)
        self._windows.append((key - self.window.key_index, *self._predict(inputs)))
        echoes, seen = None, True
        if self.min_echo_db is not None:
            in_window_db = np.array([frame.echo_db for frame in frames])
            echoes, seen = in_window_db.max(axis=0), somebody_moves(in_window_db, self.min_echo_db)
        poses = []
        for number in numbers:
            _, time_s, missing, *_ = self._frames[number - oldest]
            keypoints, scores = self._pose_of(number)
            if not seen:
                keypoints, scores = keypoints[:0], scores[:0]
            lifted = None if self._lifting is None else self._lifting.lift(keypoints, scores, time_s)
            heatmaps = inputs['inputs'][self.window.key_index + number - key].numpy()
            computed_s = time.perf_counter() - started
            poses.append(StreamedPose(number, time_s, keypoints, scores, heatmaps, missing, computed_s, lifted, echoes))
        self._next = numbers.stop
        return poses

    def _predict(self, inputs: dict) -> tuple[np.ndarray, np.ndarray]:
        """Run the network on a window.

        Returns:
            Keypoints (people, frames, joints, dims) and scores (people, frames, joints) of all frames of the window, or
            of its key frame (frames = 1) if the model predicts only that.
        """
        batch = pseudo_collate([inputs])
        parameter = next(self.model.parameters(), torch.zeros(0))  # a mean pose has none
        precision = torch.autocast(parameter.device.type, torch.bfloat16, enabled=self.amp)
        with torch.no_grad(), precision, remembered(self._memories):
            if self._window_predictor is not None:
                batch = self.model.data_preprocessor(batch, False)
                keypoints, scores = self._window_predictor.predict_window(**batch)
                return keypoints.cpu().numpy(), scores.cpu().numpy()
            (sample,) = self.model.test_step(batch)
        found = sample.cpu().numpy().pred_instances
        return found.keypoints[:, None], found.keypoint_scores[:, None]

    def _pose_of(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """Return a frame's keypoints (people, joints, dims) and scores, averaged over the windows that contain it."""
        if self._window_predictor is None:
            _, keypoints, scores = self._windows[-1]
            return keypoints[:, 0], scores[:, 0]
        places = [(number - first, found) for first, *found in self._windows if number - first < self.window.num_frames]
        keypoints, scores = (np.stack([found[part][:, place] for place, found in places]) for part in (0, 1))
        return keypoints.mean(0), scores.mean(0)
