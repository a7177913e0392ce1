"""Readers of radar configurations that TI's tools write: mmWave SDK ``.cfg``, mmWave Studio Lua, log and JSON.

All four formats contain the same information in different words and units: the antennas that are on, one profile (ramp
and samples), the transmitter of each chirp, and the number of loops in a frame. Each format has a module that converts
it to ``Settings``; ``Settings`` are converted to a ``RadarConfig`` in the same way for all of them.
"""

from __future__ import annotations

import codecs
import json
from pathlib import Path

from mmradar.errors import ConfigError
from mmradar.radar.boards import Board, find_board
from mmradar.radar.config import RadarConfig
from mmradar.radar.config_files.radar import radar_of
from mmradar.radar.config_files.sdk import is_sdk_file, read_sdk_file
from mmradar.radar.config_files.settings import Settings
from mmradar.radar.config_files.studio_json import is_studio_json, read_studio_json
from mmradar.radar.config_files.studio_log import is_log, read_log
from mmradar.radar.config_files.studio_script import is_script, read_script

__all__ = ['read_radar_config']

_MAX_BYTES = 16 * 2**20  # larger files are not read: probably a recording given by mistake
# UTF-32 before UTF-16: the mark of UTF-32-LE begins with the mark of UTF-16-LE
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, 'utf-8-sig'),
    (codecs.BOM_UTF32_LE, 'utf-32'),
    (codecs.BOM_UTF32_BE, 'utf-32'),
    (codecs.BOM_UTF16_LE, 'utf-16'),
    (codecs.BOM_UTF16_BE, 'utf-16'),
)


def read_radar_config(path: str | Path, board: str | None = None) -> RadarConfig:
    """Read a radar's configuration from a file of TI's tools or from a JSON file of :class:`RadarConfig` fields.

    Supported are mmWave SDK ``.cfg`` files, mmWave Studio Lua scripts, logs and exported JSON, and JSON with fields of
    :class:`RadarConfig` (including ``preset``). If a file sets something several times, the last value counts. Each
    chirp must have exactly one transmitter on (time division). The layout of samples in the recording (real or complex,
    lanes, order of I and Q, headers) is read too; where the file does not give it, the default of :class:`RadarConfig`
    is used, and ``tools/inspect_adc.py`` checks whether a recording agrees with it.

    Antenna positions are taken from ``antGeometry0`` and ``antGeometry1``, the board (``% Platform:``) or the chip. A
    file at 77 GHz that gives none of these is assumed to be for one of the boards with receivers in a row (xWR1443,
    1642, 1843); it is an error if the positions differ between them. The xWR6843 is sold on three boards, and the
    boards of the AWR2944 are not known: positions are then ``None``, and functions that need them raise an error.

    Args:
        path: The file. Its format is detected from its content, not from its name.
        board: One of :data:`mmradar.radar.BOARDS`, e.g. ``'xWR6843AOP'``. It overrides the boards and chips named in
            the file. In a script that queries the radar's ``partId``, the branches of this board are followed.

    Raises:
        FileNotFoundError: No such file.
        ConfigError: The file has none of these formats, is incomplete, or asks for something that no radar can do or
            that is not supported (with file and line); or ``board`` matches no board or several.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'no radar configuration at {path}')
    if path.stat().st_size > _MAX_BYTES:
        raise ConfigError(f'{path}: {path.stat().st_size:,} bytes are too many for a radar configuration')
    antennas = find_board(board) if board else None
    try:
        text = _decoded(path.read_bytes())
        if text.lstrip().startswith('{'):
            return _from_json(text, antennas, path.stem)
        return radar_of(_settings(text, antennas), antennas, f'{path.stem} {text}')
    except ConfigError as error:
        raise ConfigError(f'{path}: {error}') from None
    except RecursionError:
        raise ConfigError(f'{path}: cannot be understood (brackets or blocks too deep)') from None


def _decoded(data: bytes) -> str:
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS if data.startswith(mark)), 'utf-8')
    if encoding == 'utf-8' and b'\0' in data[:2]:  # UTF-16 without a byte order mark, as some editors save it
        encoding = 'utf-16-be' if data[0] == 0 else 'utf-16-le'
    return data.decode(encoding, 'replace')


def _from_json(text: str, board: Board | None, file_name: str) -> RadarConfig:
    try:
        document = json.loads(text)
    except ValueError as error:
        raise ConfigError(f'cannot be understood as JSON ({error})') from None
    if not document:
        raise ConfigError("cannot be understood: expected mmWave Studio's JSON or fields of RadarConfig, found neither")
    if is_studio_json(document):
        return radar_of(read_studio_json(document), board, f'{file_name} {text}')
    if board:
        raise ConfigError('holds fields of RadarConfig, including tx_positions and rx_positions; leave out the board')
    return RadarConfig.build(document)


def _settings(text: str, board: Board | None) -> Settings:
    if is_sdk_file(text):
        return read_sdk_file(text)
    if is_log(text):
        return read_log(text, board)
    if is_script(text):
        return read_script(text, board)
    raise ConfigError(
        'sets no profile, chirp and frame: it is neither a command file of the mmWave SDK nor a script, log or JSON '
        'of mmWave Studio'
    )
