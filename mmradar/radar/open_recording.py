"""Single function to open a recording in any format."""

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

# The function that opens each format, and the options that only this format takes.
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

    Raw files, cubes and profiles are read when frames are requested; a dump is read when it is opened.

    Args:
        path: The file.
        config: The radar that wrote it.
        num_frames: Frames the file must hold; any number of whole frames if ``None``.
        on_error: ``'raise'``, or ``'drop'`` to drop incomplete frames and to accept fewer frames than ``num_frames``;
            the recording's ``dropped_frames`` and ``notes`` tell what was dropped. For packets also ``'zero'``, to
            fill lost ones with zeros.
        format: ``'raw'``, a DCA1000's file; ``'cubes'``, complex arrays; ``'packets'``, a dump of UDP packets;
            ``'profiles'``, range profiles. If ``None``, the suffix decides: ``.profiles.npy`` is for profiles, other
            ``.npy``, ``.mat``, ``.h5`` and ``.hdf5`` for cubes, ``.pcap`` and ``.pcapng`` for packets, and any other
            for raw files.
        **options: ``key`` and ``axes`` for cubes, see :func:`mmradar.radar.open_cubes`; ``source``, ``port`` and
            ``recording`` for packets, see :func:`mmradar.radar.open_packets`.

    Raises:
        FileNotFoundError: No such file.
        ADCFileError: The file does not match the configuration; the message names file, offset, and the expected and
            found content.
        ConfigError: The format is unknown or does not take one of the options.
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
    """Return the format that a file's suffix implies: ``'raw'``, ``'cubes'``, ``'packets'`` or ``'profiles'``."""
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
