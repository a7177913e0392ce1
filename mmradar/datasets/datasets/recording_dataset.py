"""Data set of a bare recording, without labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mmradar.datasets.datasets.recorded_radar_pose_dataset import RecordedRadarPoseDataset
from mmradar.errors import ConfigError, DataError
from mmradar.radar import RadarConfig, Recording, conform, open_recording
from mmradar.registry import DATASETS


@DATASETS.register_module()
class RecordingDataset(RecordedRadarPoseDataset):
    """Windows of one recording of one or more views, without labels. Each frame is the key frame of one window.

    Args:
        recording: For each view, a :class:`~mmradar.radar.Recording`, or a file that
            :func:`mmradar.radar.open_recording` opens. Frames with the same number were recorded together.
        frames: Numbers of the key frames; all if ``None``.
        radar: The recordings' radar: a :class:`~mmradar.radar.RadarConfig`, a preset or its fields. An opened recording
            may be of another radar if :func:`~mmradar.radar.conform` can convert it.
        image_size: (width, height) in px of the image that keypoints refer to.
        volume_m: In three dimensions, the corners of the volume that keypoints refer to, instead of ``image_size``.
        views, **kwargs: See :class:`RecordedRadarPoseDataset`; the views default to those of ``recording``.

    Raises:
        ConfigError: ``recording`` has other views than ``views``, or is of another radar.
        DataError: A frame does not exist, or there are no frames.
    """

    def __init__(
        self,
        recording: Mapping[str, Recording | str | Path],
        frames: Sequence[int] | None = None,
        radar: str | Mapping[str, Any] | RadarConfig = 'iwr1843_hupr',
        image_size: tuple[int, int] = (256, 256),
        volume_m: Sequence[Sequence[float]] | None = None,
        views: Sequence[str] | None = None,
        **kwargs,
    ) -> None:
        self.radar, self.frames = RadarConfig.build(radar), frames
        self.image_size, self.volume_m = tuple(image_size), volume_m
        views = tuple(recording) if views is None else tuple(views)
        if set(views) != set(recording):
            raise ConfigError(
                f'recordings of the views {", ".join(views)} are expected, found {", ".join(recording) or "none"}'
            )
        self._recordings = {view: self._opened(view, recording[view]) for view in views}
        super().__init__(views=views, **kwargs)

    def _opened(self, view: str, recording: Recording | str | Path) -> Recording:
        if not isinstance(recording, Recording):
            return open_recording(recording, self.radar)
        try:
            return conform(recording, self.radar)
        except ConfigError as error:
            raise ConfigError(f'{view}: {error}') from None

    def load_data_list(self) -> list[dict]:
        """Return one entry for each key frame."""
        self._check_same_frames()
        length = min(map(len, self._recordings.values()))
        frames = range(length) if self.frames is None else [int(frame) for frame in self.frames]
        if not frames or any(not 0 <= frame < length for frame in frames):
            wanted = f'frames {min(frames)} to {max(frames)} are wanted' if len(frames) else 'no frames are wanted'
            paths = ', '.join(str(recording.path) for recording in self._recordings.values())
            raise DataError(f'{paths}: {wanted}, there are {length}')
        return [dict(frame=frame, length=length) for frame in frames]

    def _check_same_frames(self) -> None:
        missing = {recording.missing_frames for recording in self._recordings.values()}
        if len(missing) > 1:
            lacking = '; '.join(
                f'{recording.path} ({view}): {len(recording.missing_frames):,}'
                for view, recording in self._recordings.items()
            )
            raise DataError(
                'the views do not lack the same frames before others, so frames that were recorded together have '
                f"different numbers: {lacking}. Open them with on_error='zero', which keeps frames with lost packets "
                'in their places.'
            )

    def recordings(self) -> Iterator[tuple[str, Recording]]:
        """Return an iterator over the recordings that are files, as pairs of view and recording."""
        return ((view, recording) for view, recording in self._recordings.items() if recording.file is not None)

    def sample(self, entry: dict) -> dict:
        """Return the window around one frame."""
        frame = entry['frame']
        bounds = dict(image_size=self.image_size) if self.volume_m is None else dict(volume_m=self.volume_m)
        return dict(
            id=frame,
            img_id=frame,
            frame=frame,
            recordings=self._recordings,
            frame_indices=self.window.frames(frame, entry['length']),
            **bounds,
        )
