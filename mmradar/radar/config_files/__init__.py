"""Radar configurations as TI's tools write them: mmWave SDK ``.cfg``, mmWave Studio Lua, log and JSON.

All four say the same in other words and units: which antennas, one profile (ramp, samples), which transmitter fires in
which chirp, and how many loops a frame. A module each brings them to ``Settings``; what follows is the same for all.
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

_MOST_BYTES = 16 * 2**20  # of a configuration; a recording given by mistake is not read
# UTF-32 first: its mark begins with that of UTF-16
_MARKS = (
    (codecs.BOM_UTF8, 'utf-8-sig'),
    (codecs.BOM_UTF32_LE, 'utf-32'),
    (codecs.BOM_UTF32_BE, 'utf-32'),
    (codecs.BOM_UTF16_LE, 'utf-16'),
    (codecs.BOM_UTF16_BE, 'utf-16'),
)


def read_radar_config(path: str | Path, board: str | None = None) -> RadarConfig:
    """A radar's configuration from a file of TI's tools, or of our own.

    Read are: mmWave SDK ``.cfg``, mmWave Studio Lua scripts, logs and exported JSON, and JSON with fields of
    :class:`RadarConfig` (``preset`` may be one). Of what a file sets several times, the last counts. Each chirp must
    have one transmitter on (time division). How samples lie in the recording (real or complex, lanes, order of I and
    Q, headers) is read too; where a file does not say it, it is that of :class:`RadarConfig`, and
    ``tools/inspect_adc.py`` tells whether a recording agrees.

    Where the antennas stand follows from ``antGeometry0`` and ``antGeometry1``, the board (``% Platform:``) or the
    chip. A file at 77 GHz that names none of them is for one of the boards with receivers in a row (xWR1443, 1642,
    1843), and an error where they differ. An xWR6843 comes on three boards, and those of an AWR2944 are not known:
    positions are ``None`` then, and what needs them asks for them.

    Args:
        path: The file. Its content decides what it is, not its name.
        board: One of :data:`mmradar.radar.BOARDS`, e.g. ``'xWR6843AOP'``; what the file says of boards and chips does
            not count then. A script that asks the radar for its ``partId`` takes the branches of this board.

    Raises:
        FileNotFoundError: No such file.
        ConfigError: It is none of these, does not say enough, or says what no radar can do or what is not read; with
            file and line. ``board`` names none or several.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'no radar configuration at {path}')
    if path.stat().st_size > _MOST_BYTES:
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
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), 'utf-8')
    if encoding == 'utf-8' and b'\0' in data[:2]:  # UTF-16 without its mark, as some editors save
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
        raise ConfigError(
            'holds fields of RadarConfig, with tx_positions and rx_positions; a board does not go with it'
        )
    return RadarConfig.build(document)


def _settings(text: str, board: Board | None) -> Settings:
    if is_sdk_file(text):
        return read_sdk_file(text)
    if is_log(text):
        return read_log(text, board)
    if is_script(text):
        return read_script(text, board)
    raise ConfigError(
        'says nothing of a profile and a chirp and a frame: it is no command file of the mmWave SDK, and no script, '
        'log or JSON of mmWave Studio'
    )
