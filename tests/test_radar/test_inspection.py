import subprocess
import sys

import numpy as np
import pytest

from conftest import REPOSITORY, SHARED_DATA
from mmradar.radar import ADCFileError, RadarConfig, draw_report, encode_dca1000, inspect_adc, open_dca1000

CONFIG = RadarConfig(num_loops=4, num_samples=64)


def echoes(frames=3):
    """Two targets at positive ranges over noise, different in each antenna."""
    rng = np.random.default_rng(0)
    samples = np.arange(64)
    cube = 300 * np.exp(2j * np.pi * 9 * samples / 64) + 150 * np.exp(2j * np.pi * 20.5 * samples / 64)
    phases = np.exp(2j * np.pi * rng.random((frames, 12, 4, 1)))
    return cube * phases + rng.normal(size=(frames, 12, 4, 64)) + 1j * rng.normal(size=(frames, 12, 4, 64))


def write(tmp_path, raw, extra=b''):
    path = tmp_path / 'adc_data.bin'
    path.write_bytes(raw.tobytes() + extra)
    return path


def test_a_good_file(tmp_path):
    report = inspect_adc(write(tmp_path, encode_dca1000(echoes(), CONFIG)), CONFIG)
    assert report.problems == [] and (report.frames, report.bytes_over) == (3, 0)
    assert report.order == 'I0 I1 Q0 Q1'
    np.testing.assert_allclose(report.power_db, 10 * np.log10(300**2 + 150**2), atol=1)


def test_a_cut_off_file_is_found_dropped_and_refused(tmp_path):
    path = write(tmp_path, encode_dca1000(echoes(), CONFIG), b'\1' * 101)
    report = inspect_adc(path, CONFIG)
    assert report.frames == 3 and report.bytes_over == 101
    assert f'101 bytes from offset {3 * CONFIG.frame_bytes:,} on are no whole frame' in report.problems[0]
    assert 'an odd number of bytes' in report.problems[1]
    with pytest.raises(ADCFileError, match='not a whole number of frames'):
        open_dca1000(path, CONFIG)
    with pytest.warns(UserWarning, match='101 bytes from offset .* are left out; 3 frames remain'):
        assert len(open_dca1000(path, CONFIG, on_error='drop')) == 3
    with pytest.raises(ValueError, match="on_error must be 'raise' or 'drop', found 'skip'"):
        open_dca1000(path, CONFIG, on_error='skip')


@pytest.mark.parametrize('size', [0, 7, 1000])
def test_not_one_whole_frame(tmp_path, size):
    path = tmp_path / 'adc_data.bin'
    path.write_bytes(b'\0' * size)
    with pytest.raises(ADCFileError, match='0 frames'):
        inspect_adc(path, CONFIG)


def test_dead_and_clipped_antennas_are_named(tmp_path):
    cube = echoes()
    cube[:, 5] = 0
    cube[:, 2] *= 200
    report = inspect_adc(write(tmp_path, encode_dca1000(cube, CONFIG)), CONFIG)
    assert any(problem.startswith('TX 1 RX 1 is dead') for problem in report.problems)
    assert any(problem.startswith('TX 0 RX 2 is clipped') for problem in report.problems)
    assert len(report.problems) == 2


def test_nothing_but_zeros(tmp_path):
    report = inspect_adc(write(tmp_path, encode_dca1000(0 * echoes(), CONFIG)), CONFIG)
    assert sum('is dead' in problem for problem in report.problems) == 12


@pytest.mark.parametrize('places, name', [((2, 3, 0, 1), 'Q0 Q1 I0 I1'), ((0, 2, 1, 3), 'I0 Q0 I1 Q1')])
def test_swapped_lanes_are_found(tmp_path, places, name):
    raw = encode_dca1000(echoes(), CONFIG)[..., list(places)]
    report = inspect_adc(write(tmp_path, np.ascontiguousarray(raw)), CONFIG)
    assert report.order == name
    assert len(report.problems) == 1 and f'seem to come as {name}' in report.problems[0]


def test_a_recorded_person(recorded_person):
    path, config = recorded_person
    report = inspect_adc(path, config)
    assert report.frames == 400 and report.problems == [] and report.order == 'I0 I1 Q0 Q1'


def test_a_recording_of_a_phone_is_shorter_than_its_name_says():
    path = SHARED_DATA / 'dca1000_phone' / 'phone-vibration-adc256-chirp1-frame8000-0.3ms.bin'
    if not path.is_file():
        pytest.skip(f'no recording at {path}')
    options = dict(num_tx=1, num_loops=1, num_samples=256, sample_rate_hz=10e6, frame_rate_hz=1 / 0.3e-3)
    config = RadarConfig(**options, chirp_period_s=200e-6, tx_positions=((0, 0),))
    assert inspect_adc(path, config).frames == 250
    with pytest.raises(ADCFileError, match='expected 8,000 frames = 32,768,000 bytes, found 250 frames'):
        open_dca1000(path, config, num_frames=8000)


def test_the_tool_tells_and_draws(tmp_path):
    cube = echoes()
    cube[:, 5] = 0
    path = write(tmp_path, encode_dca1000(cube, CONFIG), b'\1' * 8)
    (tmp_path / 'radar.json').write_text('{"num_loops": 4, "num_samples": 64}')
    command = [sys.executable, 'tools/inspect_adc.py', str(path), '--config', str(tmp_path / 'radar.json')]
    done = subprocess.run(
        [*command, '--out', str(tmp_path / 'seen.png')], cwd=REPOSITORY, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert '3 whole frames of 3 TX x 4 RX x 4 loops x 64 samples' in done.stdout
    assert 'TX 1 RX 1 is dead' in done.stdout and '8 bytes from offset' in done.stdout
    assert (tmp_path / 'seen.png').stat().st_size > 10_000


def test_a_single_loop_can_be_drawn(tmp_path):
    config = RadarConfig(num_loops=1, num_samples=64)
    report = inspect_adc(write(tmp_path, encode_dca1000(echoes()[:, :, :1], config)), config)
    draw_report(report, tmp_path / 'seen.png')
    assert (tmp_path / 'seen.png').is_file()
