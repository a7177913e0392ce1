import json

import numpy as np
import pytest
import torch

from mmradar.errors import ConfigError, DataError
from mmradar.radar import (
    Calibration,
    RadarConfig,
    apply_calibration,
    calibrate,
    decode_groups,
    encode_groups,
    heatmap_3d,
    heatmap_3d_from_raw,
    remove_static_clutter,
    subsample_chirps,
)
from mmradar.simulation import Mounting, RadarSensor

CONFIG = RadarConfig(num_loops=16)
SENSOR = RadarSensor(CONFIG, Mounting((0, 0, 0), (1, 0, 0), (0, 0, 1)))
RNG = np.random.default_rng(0)
GAIN_DB, PHASE_RAD = RNG.normal(scale=1.5, size=12), RNG.uniform(-2, 2, size=12)
BIAS_M = 0.047
TRUE = 10 ** (GAIN_DB / 20) * np.exp(1j * PHASE_RAD)


def echo(position_m, sensor=SENSOR, moved_m=(0, 0, 0), noise=0):
    start = torch.tensor([position_m], dtype=torch.float64)
    stop = start + torch.tensor([moved_m], dtype=torch.float64)
    cube = sensor.echo(torch.stack([start, stop]), torch.ones(1))
    return (cube + sensor.noise(torch.Generator().manual_seed(noise))).numpy()


def spoilt(cube):
    """As a board with these gains and phases, and a cable too long, would have it."""
    beat = np.exp(2j * np.pi * BIAS_M / CONFIG.range_resolution_m * np.arange(CONFIG.num_samples) / CONFIG.num_samples)
    return (cube * TRUE[:, None, None] * beat).astype(np.complex64)


@pytest.mark.parametrize('position_m', [(0.0, 2.5, 0.0), (0.6, 1.4, -0.3)])
def test_a_reflector_gives_gains_phases_and_bias_back(position_m):
    frames = np.stack([spoilt(echo(position_m, noise=i)) for i in range(4)])
    found = calibrate(frames, CONFIG, position_m)
    assert found.range_bias_m == pytest.approx(BIAS_M, abs=0.004)  # a tenth of a range bin
    relative = found.antenna_weights * TRUE
    relative /= relative.mean()
    np.testing.assert_allclose(relative, 1, atol=0.03)  # 0.3 dB, 2 degrees


def test_a_calibrated_board_sees_a_target_where_an_ideal_one_does():
    calibration = calibrate(spoilt(echo((0.0, 2.5, 0.0)))[None], CONFIG, (0.0, 2.5, 0.0))
    ideal = echo((-0.7, 1.9, 0.0), moved_m=(0, 0.01, 0))
    options = dict(num_doppler=16, antenna_order=CONFIG.azimuth_first_order)

    def peak(cube):
        heatmap = np.abs(heatmap_3d(remove_static_clutter(cube), **options))
        return np.unravel_index(heatmap.argmax(), heatmap.shape)

    assert peak(apply_calibration(spoilt(ideal), calibration, CONFIG)) == peak(ideal)
    assert abs(peak(spoilt(ideal))[0] - peak(ideal)[0]) > 2  # without it, the angle is wrong


@pytest.mark.parametrize('convert', [lambda x: x, torch.from_numpy])
def test_calibration_within_the_heatmap_is_calibration_before_it(convert):
    calibration = Calibration(GAIN_DB.tolist(), PHASE_RAD.tolist(), BIAS_M)
    raw = encode_groups(spoilt(echo((-0.7, 1.9, 0.0), moved_m=(0, 0.01, 0)))[None], CONFIG)
    order = CONFIG.azimuth_first_order
    cube = apply_calibration(convert(decode_groups(raw)), calibration, CONFIG)
    expected = heatmap_3d(subsample_chirps(remove_static_clutter(cube), 8), range_bins=(20, 90), antenna_order=order)
    found = heatmap_3d_from_raw(
        convert(raw),
        range_bins=(20, 90),
        antenna_order=order,
        antenna_weights=calibration.antenna_weights,
        range_offset_bins=BIAS_M / CONFIG.range_resolution_m,
    )
    np.testing.assert_allclose(found, expected, atol=1e-5 * float(abs(expected).max()))


def test_no_reflector_is_said():
    noise = SENSOR.noise(torch.Generator().manual_seed(0)).numpy()[None]
    with pytest.raises(DataError, match=r'no reflector within 0.3 m of 2.50 m: the strongest echo there'):
        calibrate(noise, CONFIG, (0, 2.5, 0))
    with pytest.raises(DataError, match='no reflector within 0.1 m of 2.50 m'):  # at another place
        calibrate(echo((0, 2.8, 0))[None], CONFIG, (0, 2.5, 0), search_m=0.1)
    with pytest.raises(ValueError, match='no reflector can be seen at'):
        calibrate(noise, CONFIG, (0, 20, 0))
    with pytest.raises(ValueError, match=r'expected frames of shape \(12, 16, 256\)'):
        calibrate(noise[:, :4], CONFIG, (0, 2.5, 0))


def test_files(tmp_path):
    calibration = Calibration(GAIN_DB.tolist(), PHASE_RAD.tolist(), BIAS_M)
    calibration.save(tmp_path / 'board.json')
    assert Calibration.load(tmp_path / 'board.json') == calibration
    with pytest.raises(FileNotFoundError):
        Calibration.load(tmp_path / 'none.json')
    for content in ('{', '{"gain": 3}', '{"gain_db": [1], "phase_rad": []}', '{"gain_db": [NaN], "phase_rad": [0]}'):
        (tmp_path / 'bad.json').write_text(content)
        with pytest.raises(ConfigError, match='bad.json is not a calibration'):
            Calibration.load(tmp_path / 'bad.json')
    assert json.loads((tmp_path / 'board.json').read_text())['range_bias_m'] == BIAS_M
    with pytest.raises(ValueError, match='for 12 virtual antennas, the cube has 4'):
        apply_calibration(np.zeros((4, 2, 8), complex), calibration, CONFIG)
