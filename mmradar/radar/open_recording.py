"""One way to open whatever holds a radar's frames."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mmradar.errors import ConfigError
from mmradar.radar.config import RadarConfig
from mmradar.radar.cube_files import CUBE_SUFFIXES, open_cubes
from mmradar.radar.packet_dumps import open_packets
from mmradar.radar.range_profile_files import PROFILES_SUFFIX, open_range_profiles
from mmradar.radar.raw_files import open_raw
from mmradar.radar.recording import Recording

CAPTURE_SUFFIXES = ('.pcap', '.pcapng')

# What opens each format, and the arguments that it alone takes.
_FORMATS: dict[str, tuple[Callable[..., Recording], tuple[str, ...]]] = {
    'raw': (open_raw, ()),
    'cubes': (open_cubes, ('key', 'axes')),
    'packets': (open_packets, ('source', 'port', 'recording')),
    'profiles': (open_range_profiles, ()),
}


def open_recording(
    path: str | Path,
    config: RadarConfig,
    num_frames: int | None = None,
    on_error: str = 'raise',
    format: str | None = None,
    **options,
) -> Recording:
    """Open a recording: a raw file, a file of cubes or of range profiles, or a dump of packets.

    Raw files, cubes and profiles are not read before frames are asked for, a dump is.

    Args:
        path: The file.
        config: The radar that wrote it.
        num_frames: Frames the file must hold; any number of whole frames if ``None``.
        on_error: ``'raise'``, or ``'drop'`` to leave out what is not whole and to be content with fewer frames than
            ``num_frames``; what was left out is in the recording's ``dropped_frames`` and ``notes``. Of packets also
            ``'zero'``, to fill lost ones with zeros.
        format: ``'raw'``, what a DCA1000 writes; ``'cubes'``, complex arrays; ``'packets'``, a dump of UDP packets;
            ``'profiles'``, range profiles. If ``None``, files that end in ``.profiles.npy`` hold profiles, those in
            other ``.npy``, ``.mat``, ``.h5`` or ``.hdf5`` cubes, those in ``.pcap`` or ``.pcapng`` packets, and all
            others are raw.
        **options: ``key`` and ``axes`` of cubes, as for :func:`mmradar.radar.open_cubes`; ``source``, ``port`` and
            ``recording`` of packets, as for :func:`mmradar.radar.open_packets`.

    Raises:
        FileNotFoundError: No such file.
        ADCFileError: It does not hold what the configuration says: file, offset, expectation and finding are named.
        ConfigError: An unknown format, or an option that it does not take.
    """
    format = format or format_of(path)
    if format not in _FORMATS:
        raise ConfigError(f'{path}: format must be one of {", ".join(map(repr, _FORMATS))}, found {format!r}')
    opener, known = _FORMATS[format]
    for name in options:
        if name not in known:
            raise ConfigError(_misplaced(name, path, format))
    return opener(path, config, num_frames, on_error, **options)


def format_of(path: str | Path) -> str:
    """What a file's suffix says that it holds: ``'raw'``, ``'cubes'``, ``'packets'`` or ``'profiles'``."""
    if Path(path).name.lower().endswith(PROFILES_SUFFIX):
        return 'profiles'
    suffix = Path(path).suffix.lower()
    return 'cubes' if suffix in CUBE_SUFFIXES else 'packets' if suffix in CAPTURE_SUFFIXES else 'raw'


def _misplaced(name: str, path: str | Path, format: str) -> str:
    for other, (_, known) in _FORMATS.items():
        if name in known:
            return (
                f'{path}: {", ".join(known)} are for {other}, and this is read as {format}; format={other!r} reads '
                'it as such'
            )
    return f'{path}: open_recording has no option {name!r}; {format} take {", ".join(_FORMATS[format][1]) or "none"}'
