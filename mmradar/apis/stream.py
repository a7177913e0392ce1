"""Poses of frames as they come."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from mmengine.dataset import pseudo_collate
from torch import nn

from mmradar.apis.inference import recording_dataset, views_and_radar
from mmradar.errors import ConfigError, DataError
from mmradar.radar import MemoryRecording, RawRecording, Recording
from mmradar.structures import RadarWindow

# A frame of one view: complex (antennas, loops, samples), int16 words (loops, tx, words) of a raw file, or nothing.
LiveFrame = np.ndarray | None


@dataclass(frozen=True)
class StreamedPose:
    """The pose of one frame of a stream.

    Args:
        frame: Its number, from 0.
        time_s: When it was, as its ``push`` said.
        keypoints: px, or m, of each person, (people, joints, dims).
        scores: Of each joint, (people, joints).
        heatmaps: What the network saw of the frame, (views, channels, angle, Doppler, range), as after the pipeline's
            last step.
        missing: Views of which nothing came in this frame; all, if the frame was lost.
        computed_s: How long it took from the push that completed it.
    """

    frame: int
    time_s: float
    keypoints: np.ndarray
    scores: np.ndarray
    heatmaps: np.ndarray
    missing: tuple[str, ...]
    computed_s: float


def frames_beside_key(window: RadarWindow, poses_per_window: int) -> tuple[int, int]:
    """How many frames before and after the key frame have their poses of its window: as many, if there are."""
    after = min((poses_per_window - 1) // 2, window.num_frames - 1 - window.key_index)
    before = min(poses_per_window - 1 - after, window.key_index)
    return before, poses_per_window - 1 - before


class RadarPoseStream:
    """A model on frames that come one by one; poses are those that it gives of the same frames in a file.

    What the pipeline does to a frame by itself, up to its normalised heatmap, is done once a frame; packing and the
    network once for each window.

    A pose is known when the frames after it that the model looks at have come: none for a window whose key frame is the
    last. In front of the first and behind the last frame a window repeats them, as a data set's does; :meth:`finish`
    gives the poses that are left.

    A model that predicts all frames of a window leaves three choices. With ``poses_per_window`` = n it is run once for
    n frames: the network costs an n-th, and poses come in bursts of n. With a smaller ``look_ahead`` than its own, they
    come earlier. Both take poses of frames that the window has seen less of on one side: not those of a file any more,
    and a little worse. With ``average`` = n a pose is the mean of the latest n windows' that have its frame: a little
    better, calmer, and no later.

    A view that is missing from a frame repeats its last one, and the pose says so. Where times say that whole frames
    were lost, they count as frames without any view, so that the window's frames stay as far apart as the model knows
    them; after a gap as long as a window a new recording begins: what was before has nothing to say about it. Until
    every view has come once, frames are skipped.

    Args:
        model: Of :func:`~mmradar.apis.init_model`.
        look_ahead: Frames of a window after its key frame; as the model was trained to be tested if ``None``.
        poses_per_window: Frames around the key frame whose poses are taken from one window.
        average: The latest windows whose poses of a frame are averaged.

    Attributes:
        window: What the network sees at once, and which of its frames is the key frame.
        skipped: Frames that gave no pose, as some view had not come yet.

    Raises:
        ConfigError: More frames than a window has, or of a model that predicts its key frame alone.
    """

    def __init__(
        self, model: nn.Module, look_ahead: int | None = None, poses_per_window: int = 1, average: int = 1
    ) -> None:
        self.model = model.eval()
        self.views, self.radar = views_and_radar(model.cfg)
        # the data set of a recording knows pipeline, window and meta information; the recording itself is never read
        nothing = np.zeros((1, *self.radar.frame_shape), np.complex64)
        dataset = recording_dataset(
            model.cfg, {view: MemoryRecording(nothing, self.radar, view) for view in self.views}
        )
        self.window, self.image_size = dataset.window, dataset.image_size
        self._pipeline, self._info = dataset.pipeline, dataset.get_data_info(0)
        own = self.look_ahead
        look_ahead = own if look_ahead is None else look_ahead
        self._predicts_windows = getattr(model, 'predicts_windows', False)
        self._check_choices(look_ahead, poses_per_window, average, own)
        self.window = RadarWindow(self.window.num_frames, self.window.num_frames - 1 - look_ahead)
        self.poses_per_window, self.average = poses_per_window, average
        self._before, self._after = frames_beside_key(self.window, poses_per_window)
        self.skipped = 0
        self._count = 0  # frames pushed
        self._begin()

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
        if not (as_in_a_file or self._predicts_windows):
            raise ConfigError(
                'the model predicts the key frame of a window alone: leave look_ahead, poses_per_window and average as '
                'they are'
            )

    def _begin(self) -> None:
        self._first = self._count  # of this recording
        self._next = self._count  # whose pose is next
        self._last_s = -np.inf
        self._arrays: deque[tuple[int, float, tuple[str, ...], dict[str, np.ndarray]]] = deque(
            maxlen=self.window.num_frames
        )
        self._latest: dict[str, dict[str, np.ndarray]] = {}
        # number of the first frame, keypoints and scores of the latest windows
        self._windows: deque[tuple[int, np.ndarray, np.ndarray]] = deque(maxlen=self.average)

    @property
    def look_ahead(self) -> int:
        """Frames of a window after its key frame."""
        return self.window.num_frames - 1 - self.window.key_index

    @property
    def wait(self) -> int:
        """Frames after a frame that its pose waits for at most: those of ``look_ahead``, and those of the burst."""
        return self.look_ahead + self._before

    @property
    def wait_s(self) -> float:
        """The same in seconds, at the radar's frame rate."""
        return self.wait / self.radar.frame_rate_hz

    def push(
        self, frames_by_view: Mapping[str, LiveFrame], time_s: float | None = None, hurry: bool = False
    ) -> list[StreamedPose]:
        """Take a frame of all views.

        Args:
            frames_by_view: Complex samples (antennas, loops, samples), or int16 words (loops, tx, words) as they lie in
                a raw file; of a view that is missing ``None``, or nothing.
            time_s: When it was; by its number and the radar's frame rate if ``None``.
            hurry: Leave out the poses that are due, so as to catch up with frames that wait. Later ones stay the same.

        Returns:
            Poses that are known now, in order: none, or those of a window; after a gap those of lost frames too, and at
            the beginning of a new recording those that the last one still owed.

        Raises:
            ConfigError: A view that the model does not know.
            DataError: A time before that of an earlier frame, or a frame of another radar.
        """
        started = time.perf_counter()
        self._check_known(frames_by_view)
        time_s = self._count / self.radar.frame_rate_hz if time_s is None else float(time_s)
        if time_s < self._last_s:
            raise DataError(f'a frame of {time_s:.3f} s came after one of {self._last_s:.3f} s')
        poses: list[StreamedPose] = []
        lost = round((time_s - self._last_s) * self.radar.frame_rate_hz) - 1 if self._arrays else 0
        if lost >= self.window.num_frames:
            poses, lost = self.finish(), 0
        between_s = np.linspace(self._last_s, time_s, lost + 2)[1:-1] if lost > 0 else ()
        for lost_s in between_s:
            poses += self._append(self.views, float(lost_s), started, hurry)
        self._last_s = time_s
        missing = tuple(view for view in self.views if frames_by_view.get(view) is None)
        for view in self.views:
            if view not in missing:
                self._latest[view] = self._of_frame(view, frames_by_view[view])
        if len(self._latest) < len(self.views):
            self.skipped += 1
            return poses
        return poses + self._append(missing, time_s, started, hurry)

    def _append(self, missing: tuple[str, ...], time_s: float, started: float, hurry: bool) -> list[StreamedPose]:
        """A frame of what each view gave last, and the poses that it completes."""
        names = self._latest[self.views[0]]
        arrays = {name: np.stack([self._latest[view][name] for view in self.views]) for name in names}
        self._arrays.append((self._count, time_s, missing, arrays))
        self._count += 1
        if self._count - self._next <= self.wait:
            return []
        if hurry:
            self._next += self.poses_per_window
            return []
        return self._poses(started)

    def check_views(self, views: Iterable[str]) -> None:
        """Raise unless these are all of the model's views.

        Raises:
            ConfigError: They are not.
        """
        self._check_known(views)
        if lacking := [view for view in self.views if view not in views]:
            raise ConfigError(f'the model takes the views {", ".join(self.views)}, and {lacking[0]!r} is missing')

    def _check_known(self, views: Iterable[str]) -> None:
        if unknown := set(views) - set(self.views):
            raise ConfigError(f'the model takes the views {", ".join(self.views)}, found {min(unknown)!r}')

    def finish(self) -> list[StreamedPose]:
        """The poses that still wait for frames, of windows that repeat the last one; the next frame begins anew."""
        poses = []
        while self._next < self._count:
            poses += self._poses(time.perf_counter())
        self._begin()
        return poses

    def _of_frame(self, view: str, frame: np.ndarray) -> dict[str, np.ndarray]:
        """What the pipeline makes of one frame by itself."""
        frame = np.asarray(frame)
        recording: Recording
        if frame.dtype == np.int16:
            expected = (self.radar.num_loops, self.radar.num_tx)
            if frame.ndim != 3 or frame.shape[:2] != expected or 2 * frame[0, 0].size != self.radar.chirp_bytes:
                raise DataError(
                    f'{view}: expected int16 words {(*expected, self.radar.chirp_bytes // 2)} of a frame, found '
                    f'{frame.shape}'
                )
            recording = RawRecording(frame[None], Path(view), self.radar)
        else:
            recording = MemoryRecording(frame[None], self.radar, view)
        found = self._pipeline.frame_stage(view, recording, np.zeros(1, int))
        return {name: np.asarray(array[0]) for name, array in found.items()}

    def _poses(self, started: float) -> list[StreamedPose]:
        """Of the next frames that wait, as many as a window gives."""
        key = min(self._next + self._before, self._count - 1)
        oldest = self._arrays[0][0]
        in_window = self._first + self.window.frames(key - self._first, self._count - self._first)
        held = [self._arrays[number - oldest] for number in in_window]
        arrays = {name: np.stack([frame[3][name] for frame in held]) for name in held[0][3]}
        inputs = self._pipeline.window_stage({**self._info, **arrays})
        numbers = range(self._next, min(key + self._after, self._count - 1) + 1)
        self._windows.append((key - self.window.key_index, *self._predict(inputs)))
        computed_s, poses = time.perf_counter() - started, []
        for number in numbers:
            _, time_s, missing, _ = self._arrays[number - oldest]
            keypoints, scores = self._of_windows_with(number)
            heatmaps = inputs['inputs'][self.window.key_index + number - key].numpy()
            poses.append(StreamedPose(number, time_s, keypoints, scores, heatmaps, missing, computed_s))
        self._next = numbers.stop
        return poses

    def _predict(self, inputs: dict) -> tuple[np.ndarray, np.ndarray]:
        """Keypoints (people, frames, joints, dims) and scores of all frames of a window that the model predicts."""
        batch = pseudo_collate([inputs])
        with torch.no_grad():
            if self._predicts_windows:
                batch = self.model.data_preprocessor(batch, False)
                keypoints, scores = self.model.predict_window(**batch)
                return keypoints.cpu().numpy(), scores.cpu().numpy()
            (sample,) = self.model.test_step(batch)
        found = sample.cpu().numpy().pred_instances
        return found.keypoints[:, None], found.keypoint_scores[:, None]

    def _of_windows_with(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """A frame's keypoints and scores, the mean over the latest windows in which it is."""
        if not self._predicts_windows:
            keypoints, scores = self._windows[-1][1:]
            return keypoints[:, 0], scores[:, 0]
        places = [(number - first, found) for first, *found in self._windows if number - first < self.window.num_frames]
        keypoints, scores = (np.stack([found[part][:, place] for place, found in places]) for part in (0, 1))
        return keypoints.mean(0), scores.mean(0)
