import argparse

import pytest

from mmradar.cli.radar_arguments import add_radar_argument, radar_from
from mmradar.errors import ConfigError
from mmradar.radar import BOARDS, RadarConfig

AT_60_GHZ = """channelCfg 15 7 0
profileCfg 0 60 10 6 65 0 0 60 1 256 5000 0 0 30
chirpCfg 0 0 0 0 0 0 0 1
frameCfg 0 0 64 600 100 1 0
"""


def radar(*words):
    parser = argparse.ArgumentParser()
    add_radar_argument(parser)
    return radar_from(parser.parse_args(words))


def test_presets_and_boards(tmp_path):
    assert radar() == RadarConfig.build('iwr1843_hupr')
    assert radar('--config', 'iwr1843_transhupr').num_loops == 128
    with pytest.raises(ConfigError, match='--board goes with a file; the preset iwr1843_hupr has a board'):
        radar('--board', 'xWR1843')
    path = tmp_path / 'profile.cfg'
    path.write_text(AT_60_GHZ)
    with pytest.raises(ConfigError, match='profile.cfg does not say where the antennas stand; add --board with one of'):
        radar('--config', str(path))
    config = radar('--config', str(path), '--board', 'IWR6843AOP')
    assert config.rx_positions == BOARDS['xWR6843AOP'].rx_positions
    path.write_text('{"num_tx": 1, "tx_positions": [[0, 0]]}')
    assert radar('--config', str(path)).num_tx == 1
