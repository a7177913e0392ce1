"""Files of range profiles: sufficient for heatmaps of a range crop, at a thirtieth of a raw file's size.

A profile is the range transform of one chirp, cropped to some range bins, with the mean over all loops of the frame
subtracted: milliMamba's pre-processing up to the Doppler transform. A frame of 12 antennas x 8 chirps x 64 bins takes
24.6 kB in half precision, the raw frame 786 kB.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Complex64

from mmradar.atomic_write import atomic_write
from mmradar.errors import DataError
from mmradar.radar.config import RadarConfig
from mmradar.radar.range_doppler import range_doppler_from_profiles
from mmradar.radar.recording import ADCFileError, Frames, OpenedFile, Recording, check_on_error
from mmradar.radar.scaled_frames import complex_parts, from_scaled, to_scaled

PROFILES_SUFFIX = '.profiles.npy'


class RangeProfileRecording(Recording):
    """Recording of range profiles in a file, which is opened for every call.

    Args:
        num_frames: Frames of the file.
        num_chirps: Number of loops kept of each frame, equally spaced from the first.
        range_bins: First and one past the last range bin kept.
        file, **kwargs: See :class:`Recording`.
    """

    file: OpenedFile

    def __init__(self, num_frames: int, num_chirps: int, range_bins: tuple[int, int], file: OpenedFile, **kwargs):
        super().__init__(file.path, file.config, file=file, **kwargs)
        self._num_frames, self.num_chirps, self.range_bins = num_frames, num_chirps, range_bins

    def __len__(self) -> int:
        return self._num_frames

    def profiles(self, frames: Frames = None) -> Complex64[np.ndarray, 'frames ant chirps bins']:
        """Return the range profiles of frames, in the given order; of all frames if ``None``. Clutter is removed.

        Raises:
            IndexError: The recording does not have one of the frames.
            FileNotFoundError: The file is gone.
            ADCFileError: The file has changed.
        """
        self.file.check()
        records = np.load(self.path, mmap_mode='r', allow_pickle=False)[: self._num_frames][self._selection(frames)]
        return from_scaled(records['scale'], records['profiles']).view(np.complex64)[..., 0]

    def cube(self, frames: Frames = None) -> Complex64[np.ndarray, 'frames ant loops samples']:
        """Raise an error: the file does not contain samples.

        Raises:
            ADCFileError: Always.
        """
        raise ADCFileError(
            f'{self.path} holds range profiles, not the samples that this step of the pipeline needs. '
            'RangeDopplerMap takes range profiles; all other steps need raw files or cubes.'
        )

    def range_doppler(
        self, frames: Frames = None, *, range_bins: tuple[int, int] | None = None, **options
    ) -> Complex64[np.ndarray, 'frames ant doppler range']:
        held = self.range_bins
        if range_bins is not None and not held[0] <= range_bins[0] < range_bins[1] <= held[1]:
            raise DataError(
                f'{self.path} holds range profiles of the bins {held[0]} to {held[1] - 1}, and the configuration '
                f'takes {range_bins[0]} to {range_bins[1] - 1}: simulate raw frames (without --form compact), or take '
                f'a configuration with range_bins={tuple(held)}'
            )
        return range_doppler_from_profiles(self.profiles(frames), held, range_bins=range_bins, **options)


def write_range_profiles(
    path: Path, profiles: Complex64[np.ndarray, 'frames ant chirps bins'], range_bins: tuple[int, int]
) -> None:
    """Write range profiles in half precision, with a separate scale for each frame.

    Args:
        path: The file; its name ends in ``.profiles.npy``.
        profiles: Range profiles, see :func:`mmradar.radar.range_profiles`.
        range_bins: First and one past the last range bin of the profiles.

    Raises:
        ValueError: The profiles have a different number of bins.
    """
    if profiles.ndim != 4 or profiles.shape[-1] != range_bins[1] - range_bins[0]:
        raise ValueError(f'expected (frames, antennas, chirps, bins) of bins {range_bins}, found {profiles.shape}')
    records = np.empty(len(profiles), _dtype(*profiles.shape[1:]))
    records['first_bin'] = range_bins[0]
    records['scale'], records['profiles'] = to_scaled(complex_parts(profiles))
    with atomic_write(path) as file:
        np.save(file, records)


def _dtype(antennas: int, chirps: int, bins: int) -> np.dtype:
    return np.dtype([('first_bin', '<i4'), ('scale', '<f4'), ('profiles', '<f2', (antennas, chirps, bins, 2))])


def open_range_profiles(
    path: str | Path, config: RadarConfig, num_frames: int | None = None, on_error: str = 'raise'
) -> RangeProfileRecording:
    """Open a file of range profiles without reading them.

    Args:
        path, config, num_frames, on_error: See :func:`mmradar.radar.open_recording`.

    Raises:
        FileNotFoundError: No such file.
        ADCFileError: The file does not contain range profiles, or does not match the configuration.
    """
    check_on_error(on_error)
    file = OpenedFile.now(open_range_profiles, path, config, num_frames=num_frames, on_error=on_error)
    try:
        records = np.load(file.path, mmap_mode='r', allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise ADCFileError(f'{file.path} cannot be read as a NumPy file ({error}). Was it cut short?') from error
    shape = records.dtype['profiles'].shape if 'profiles' in (records.dtype.names or ()) else ()
    if len(shape) != 4 or records.dtype != _dtype(*shape[:3]) or records.ndim != 1 or not len(records):
        raise ADCFileError(
            f'{file.path}: expected records of range profiles, as write_range_profiles writes them, found '
            f'{records.dtype} {records.shape}'
        )
    antennas, chirps, bins, _ = shape
    first = int(records['first_bin'][0])
    if antennas != config.num_antennas or config.num_loops % chirps or first + bins > config.num_samples:
        raise ADCFileError(
            f'{file.path}: profiles of {antennas} antennas, {chirps} chirps and range bins {first} to '
            f'{first + bins - 1} are not of a radar of {config.num_antennas} antennas, {config.num_loops} loops and '
            f'{config.num_samples} samples'
        )
    frames, dropped, notes = len(records), 0, []
    if num_frames is not None and frames != num_frames:
        found = f'expected {num_frames:,} frames, found {frames:,}'
        if frames > num_frames or on_error == 'raise':
            raise ADCFileError(f'{file.path}: {found}')
        notes.append(f'{file.path}: {found}; the available frames are used')
        dropped = num_frames - frames
    return RangeProfileRecording(frames, chirps, (first, first + bins), file, dropped_frames=dropped, notes=notes)
