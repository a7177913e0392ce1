"""Files of range profiles: all that heatmaps of a range crop need, at a thirtieth of a raw file's size.

A profile is the range transform of one chirp, cut to some range bins, the mean over all loops of the frame taken off:
milliMamba's pre-processing up to the Doppler transform. A frame of 12 antennas x 8 chirps x 64 bins takes 24.6 kB in
half precision, where the raw frame takes 786 kB.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Complex64

from mmradar.atomic_write import atomic_write
from mmradar.radar.config import RadarConfig
from mmradar.radar.recording import ADCFileError, Frames, OpenedFile, Recording, check_on_error
from mmradar.radar.scaled_frames import complex_parts, from_scaled, to_scaled

PROFILES_SUFFIX = '.profiles.npy'


class RangeProfileRecording(Recording):
    """Range profiles in a file, which is opened for every call.

    Args:
        num_frames: Frames of the file.
        num_chirps: Loops of each frame that were kept, at equal distances, the first among them.
        range_bins: First and one past the last range bin kept.
        file, **kwargs: As for :class:`Recording`.
    """

    def __init__(self, num_frames: int, num_chirps: int, range_bins: tuple[int, int], file: OpenedFile, **kwargs):
        super().__init__(file.path, file.config, file=file, **kwargs)
        self._num_frames, self.num_chirps, self.range_bins = num_frames, num_chirps, range_bins

    def __len__(self) -> int:
        return self._num_frames

    def profiles(self, frames: Frames = None) -> Complex64[np.ndarray, 'frames ant chirps bins']:
        """Range profiles of frames, in this order, clutter removed; all of them if ``None``.

        Raises:
            IndexError: A frame the recording does not have.
            FileNotFoundError: Its file is gone.
            ADCFileError: Its file was changed.
        """
        self.file.check()
        records = np.load(self.path, mmap_mode='r', allow_pickle=False)[: self._num_frames][self._selection(frames)]
        return from_scaled(records['scale'], records['profiles']).view(np.complex64)[..., 0]

    def cube(self, frames: Frames = None) -> Complex64[np.ndarray, 'frames ant loops samples']:
        """There are none.

        Raises:
            ADCFileError: Always.
        """
        raise ADCFileError(
            f'{self.path} holds range profiles, not the samples that this step of the pipeline asks for. '
            'RangeDopplerMap takes them; everything else needs raw files or cubes.'
        )


def write_range_profiles(
    path: Path, profiles: Complex64[np.ndarray, 'frames ant chirps bins'], range_bins: tuple[int, int]
) -> None:
    """Write range profiles in half precision, each frame with a scale of its own.

    Args:
        path: The file; its name ends in ``.profiles.npy``.
        profiles: The range transform at some bins, the mean over all loops taken off, chirps subsampled.
        range_bins: First and one past the last of the bins.

    Raises:
        ValueError: Another number of bins.
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
        path, config, num_frames, on_error: As for :func:`mmradar.radar.open_recording`.

    Raises:
        FileNotFoundError: No such file.
        ADCFileError: It does not hold what the configuration says.
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
            f'{file.path}: expected records of range profiles, as write_range_profiles makes them, found '
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
        notes.append(f'{file.path}: {found}; what is there is used')
        dropped = num_frames - frames
    return RangeProfileRecording(frames, chirps, (first, first + bins), file, dropped_frames=dropped, notes=notes)
