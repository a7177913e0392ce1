import numpy as np
import pytest

from mmradar.radar import RadarConfig


def test_derived_quantities_of_the_hupr_preset():
    config = RadarConfig.build('iwr1843_hupr')
    assert config.frame_shape == (12, 64, 256)
    assert config.frame_bytes == 786_432  # HuPR's files: 600 frames are 471,859,200 bytes
    assert config.bandwidth_hz == pytest.approx(4e9)
    assert config.range_resolution_m == pytest.approx(0.0375, rel=1e-3)
    assert config.max_range_m == pytest.approx(9.593, rel=1e-3)
    assert config.wavelength_m == pytest.approx(299_792_458 / 79e9)
    # v_max = lambda / (4 * 3 * 75 us), and 64 bins span twice that
    assert config.max_velocity_m_s == pytest.approx(299_792_458 / 79e9 / 900e-6)
    assert config.velocity_resolution_m_s * 64 == pytest.approx(2 * config.max_velocity_m_s)


def test_transhupr_has_128_loops():
    assert RadarConfig.build('iwr1843_transhupr').frame_shape == (12, 128, 256)


def test_virtual_array_is_a_line_of_eight_and_a_raised_line_of_four():
    config = RadarConfig()
    line = config.virtual_positions[config.azimuth_first_order]
    np.testing.assert_array_equal(line[:8], [(x, 0) for x in range(8)])
    np.testing.assert_array_equal(line[8:], [(x, 1) for x in range(2, 6)])


def test_build_overrides_a_preset():
    assert RadarConfig.build(dict(preset='iwr1843_hupr', num_loops=16)).num_loops == 16


@pytest.mark.parametrize(
    'options, message',
    [
        ('iwr9999', "unknown radar preset 'iwr9999'; the presets are iwr1843_hupr, iwr1843_transhupr"),
        (dict(num_loop=3), "unknown RadarConfig field 'num_loop'"),
        (dict(num_loops=0), 'num_loops must be a whole number of at least 1, found 0'),
        (dict(sample_rate_hz=-1.0), 'sample_rate_hz must be a positive number'),
        (dict(chirp_period_s=40e-6), 'too short for 256 samples'),
        (dict(num_loops=1000), 'longer than a frame at 10 Hz'),
        (dict(num_tx=2), 'tx_positions must hold one'),
    ],
)
def test_impossible_radars_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        RadarConfig.build(options)
