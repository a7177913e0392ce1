import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import REPOSITORY, SHARED_DATA
from mmradar.radar import (
    ADCFileError,
    RadarConfig,
    draw_report,
    encode_groups,
    inspect_adc,
    open_recording,
    pack_words,
)
from mmradar.radar.config import IQ_ORDERS
from mmradar.radar.inspection import report_figure
from mmradar.radar.packets import PACKET_BYTES
from mmradar.simulation import Mounting, RadarSensor

CONFIG = RadarConfig(num_loops=4, num_samples=64)
LAYOUTS = [dict(iq_order=order) for order in IQ_ORDERS] + [dict(num_lanes=4), dict(num_lanes=4, iq_order='QQII')]


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
    report = inspect_adc(write(tmp_path, encode_groups(echoes(), CONFIG)), CONFIG)
    assert report.problems == [] and (report.frames, report.bytes_over) == (3, 0)
    assert report.layout == '2 lanes, IIQQ'
    np.testing.assert_allclose(report.power_db, 10 * np.log10(300**2 + 150**2), atol=1)


def test_a_cut_off_file_is_found_dropped_and_refused(tmp_path):
    path = write(tmp_path, encode_groups(echoes(), CONFIG), b'\1' * 101)
    report = inspect_adc(path, CONFIG)
    assert report.frames == 3 and report.bytes_over == 101
    assert f'101 bytes from offset {3 * CONFIG.frame_bytes:,} on are no whole frame' in report.problems[0]
    assert 'an odd number of bytes' in report.problems[1]
    with pytest.raises(ADCFileError, match='not a whole number of frames'):
        open_recording(path, CONFIG)
    assert len(open_recording(path, CONFIG, on_error='drop')) == 3


@pytest.mark.parametrize(('size', 'message'), [(0, 'is empty'), (7, '0 frames'), (1000, '0 frames')])
def test_not_one_whole_frame(tmp_path, size, message):
    path = tmp_path / 'adc_data.bin'
    path.write_bytes(b'\0' * size)
    with pytest.raises(ADCFileError, match=message):
        inspect_adc(path, CONFIG)


def test_dead_and_clipped_antennas_are_named(tmp_path):
    cube = echoes()
    cube[:, 5] = 0
    cube[:, 2] *= 200
    report = inspect_adc(write(tmp_path, encode_groups(cube, CONFIG)), CONFIG)
    assert any(problem.startswith('TX 1 RX 1 is dead') for problem in report.problems)
    assert any(problem.startswith('TX 0 RX 2 is clipped') for problem in report.problems)
    assert len(report.problems) == 2


def test_nothing_but_zeros(tmp_path):
    report = inspect_adc(write(tmp_path, encode_groups(0 * echoes(), CONFIG)), CONFIG)
    assert sum('is dead' in problem for problem in report.problems) == 12


@pytest.mark.parametrize('actual', LAYOUTS, ids=str)
@pytest.mark.parametrize('expected', LAYOUTS, ids=str)
def test_swapped_lanes_and_iq_are_found(tmp_path, expected, actual):
    expected, actual = (RadarConfig(num_loops=4, num_samples=64, **layout) for layout in (expected, actual))
    path = write(tmp_path, pack_words(encode_groups(echoes(), actual), actual))
    report = inspect_adc(path, expected)
    assert report.layout == f'{actual.num_lanes} lanes, {actual.iq_order}'
    np.testing.assert_allclose(report.power_db, 10 * np.log10(300**2 + 150**2), atol=1)
    if expected == actual:
        assert report.problems == []
    else:
        assert len(report.problems) == 1 and f'seem to come as {report.layout}, not as' in report.problems[0]


def test_real_samples(tmp_path):
    for lanes in (2, 4):
        config = RadarConfig(num_loops=4, num_samples=64, sampling='real', num_lanes=lanes)
        path = write(tmp_path, pack_words(encode_groups(echoes(), config), config))
        assert inspect_adc(path, config).problems == []
        other = inspect_adc(path, RadarConfig(num_loops=4, num_samples=64, sampling='real', num_lanes=6 - lanes))
        assert f'seem to come as {lanes} lanes, real' in other.problems[0]


def still_life(config, frames=12):
    """The same echoes in every frame and loop, other ones at each antenna; noise."""
    rng = np.random.default_rng(0)
    samples = np.arange(config.num_samples)
    cube = sum(
        200 * np.exp(2j * np.pi * (b * samples / config.num_samples + rng.random((config.num_antennas, 1, 1))))
        for b in (5, 11, 17)
    )
    noise = rng.normal(size=(2, frames, *config.frame_shape))
    return cube + 5 * (noise[0] + 1j * noise[1])


def test_a_packet_lost_in_the_middle_is_found(tmp_path):
    config = RadarConfig(num_loops=4, num_samples=64)
    raw = encode_groups(still_life(config), config).tobytes()
    assert config.frame_bytes > 8 * PACKET_BYTES
    lost = 7 * config.frame_bytes + 3 * 1000
    path = tmp_path / 'adc_data.bin'
    path.write_bytes(raw[:lost] + raw[lost + 2 * PACKET_BYTES :])
    first, second, third = inspect_adc(path, config).problems
    assert 'are no whole frame' in first and 'lacks exactly the bytes of 2 packets' in second
    # frame 7 is half in place; which side it falls on depends on where in it the packet was
    assert third.startswith('from frame 7 on') or third.startswith('from frame 8 on')
    assert 'as if 2 packets of the card were lost' in third
    path.write_bytes(raw[:lost] + raw[lost + 2 * PACKET_BYTES :] + bytes(2 * PACKET_BYTES))  # of the right size again
    assert any('as if 2 packets' in problem for problem in inspect_adc(path, config).problems)


def test_packets_that_were_filled_with_zeros_are_found(tmp_path):
    config = RadarConfig(num_loops=4, num_samples=64)
    raw = bytearray(encode_groups(still_life(config), config).tobytes())
    raw[40 * PACKET_BYTES : 43 * PACKET_BYTES] = bytes(3 * PACKET_BYTES)
    path = tmp_path / 'adc_data.bin'
    path.write_bytes(raw)
    (problem,) = inspect_adc(path, config).problems
    assert problem.startswith(f'3 packets of 1,456 bytes are zeros, the first at offset {40 * PACKET_BYTES:,}')


def test_a_configuration_of_other_chirps_is_found(tmp_path):
    actual = RadarConfig(num_loops=8, num_samples=96)
    path = tmp_path / 'adc_data.bin'
    path.write_bytes(encode_groups(still_life(actual), actual).tobytes())
    assert inspect_adc(path, actual).problems == []
    wrong = RadarConfig(num_loops=12, num_samples=64)
    assert wrong.frame_bytes == actual.frame_bytes
    problems = inspect_adc(path, wrong).problems
    assert any('samples repeat after 1,152, not after the 768 of a loop' in problem for problem in problems)


def test_headers_and_cubes(tmp_path):
    config = RadarConfig(num_loops=4, num_samples=64, header_bytes=64)
    path = write(tmp_path, pack_words(encode_groups(echoes(), config), config))
    assert inspect_adc(path, config).problems == []
    with pytest.raises(ADCFileError, match='the first chirp to begin with a sample'):
        inspect_adc(path, CONFIG)
    np.save(tmp_path / 'cube.npy', echoes())
    with pytest.raises(ADCFileError, match='holds cubes'):
        inspect_adc(tmp_path / 'cube.npy', CONFIG)


def test_a_recorded_person(recorded_person):
    path, config = recorded_person
    report = inspect_adc(path, config)
    assert report.frames == 400 and report.problems == [] and report.layout == '2 lanes, IIQQ'


def test_a_recording_of_a_phone_is_shorter_than_its_name_says():
    path = SHARED_DATA / 'dca1000_phone' / 'phone-vibration-adc256-chirp1-frame8000-0.3ms.bin'
    if not path.is_file():
        pytest.skip(f'no recording at {path}')
    options = dict(num_tx=1, num_loops=1, num_samples=256, sample_rate_hz=10e6, frame_rate_hz=1 / 0.3e-3)
    config = RadarConfig(**options, chirp_period_s=200e-6, tx_positions=((0, 0),))
    assert inspect_adc(path, config).frames == 250
    with pytest.raises(ADCFileError, match='expected 8,000 frames = 32,768,000 bytes, found 250 frames'):
        open_recording(path, config, num_frames=8000)


def test_the_tool_tells_and_draws(tmp_path):
    cube = echoes()
    cube[:, 5] = 0
    path = write(tmp_path, encode_groups(cube, CONFIG), b'\1' * 8)
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
    report = inspect_adc(write(tmp_path, encode_groups(echoes()[:, :, :1], config)), config)
    draw_report(report, tmp_path / 'seen.png')
    assert (tmp_path / 'seen.png').is_file()


# What is drawn

BOARDS = {
    'three transmitters, one raised': RadarConfig(num_loops=16, num_samples=64),
    'two transmitters': RadarConfig(num_tx=2, tx_positions=((0, 0), (4, 0)), num_loops=32, num_samples=64),
    'fired out of order': RadarConfig(tx_positions=((0, 0), (4, 0), (2, 1)), num_loops=16, num_samples=64),
    'one transmitter, one loop': RadarConfig(num_tx=1, tx_positions=((0, 0),), num_loops=1, num_samples=64),
    'an odd number of loops': RadarConfig(num_loops=15, num_samples=64),
    'with gaps': RadarConfig(
        num_tx=1, tx_positions=((0, 0),), rx_positions=((0, 0), (1, 0), (4, 0), (6, 0)), num_loops=16, num_samples=64
    ),
    'real samples': RadarConfig(num_loops=16, num_samples=128, sampling='real'),
}


def drawn(folder, config, sine, range_m, bins_of_speed):
    """What the picture of a single target shows: (range, speed) and (range, sine) at the brightest cells, and cells."""
    sensor = RadarSensor(config, Mounting((0, 0, 0), (1, 0, 0), (0, 0, 1)))
    start = torch.tensor([[sine, np.sqrt(1 - sine**2), 0]], dtype=torch.float64) * range_m
    moved_m = bins_of_speed * config.velocity_resolution_m_s * config.frame_duration_s
    cube = sensor.echo(
        torch.stack([start - start / range_m * moved_m / 2, start * (1 + moved_m / 2 / range_m)]), torch.ones(1)
    )
    cube = (1000 * cube / cube.abs().max()).numpy()[None]
    path = write(folder, pack_words(encode_groups(cube, config), config))
    figure = report_figure(inspect_adc(path, config))
    found = []
    for axis in figure.axes[1:]:
        (image,) = axis.images
        shown, (left, right, bottom, top) = np.asarray(image.get_array()), image.get_extent()
        assert image.origin == 'lower'
        row, column = np.unravel_index(shown.argmax(), shown.shape)
        cell = np.array([(right - left) / shown.shape[1], (top - bottom) / shown.shape[0]])
        found.append((np.array([left, bottom]) + (np.array([column, row]) + 0.5) * cell, cell))
    return found


@pytest.mark.parametrize('board', BOARDS)
@pytest.mark.parametrize('sine', [-0.9, -0.5, 0.0, 0.05, 0.8])
def test_a_target_is_drawn_where_it_is(tmp_path, board, sine):
    config = BOARDS[board]
    speed = 0 if config.num_loops == 1 else 3.2
    (place, cell), (direction, direction_cell) = drawn(tmp_path, config, sine, 2.4, speed)
    assert abs(place[0] - 2.4) <= 0.51 * cell[0] and abs(direction[0] - 2.4) <= 0.51 * direction_cell[0]
    assert abs(place[1] - speed * config.velocity_resolution_m_s) <= 0.51 * cell[1]
    # half a bin of speed is turned back wrongly, by up to 1/24 of a turn from one end of the array to the other
    assert abs(direction[1] - sine) <= direction_cell[1] + 0.01


@settings(max_examples=25, deadline=None)
@given(
    sine=st.floats(-0.95, 0.95),
    range_m=st.floats(1.0, 4.4),
    bins_of_speed=st.floats(1, 7).flatmap(lambda bins: st.sampled_from([bins, -bins])),
)
def test_any_target_is_drawn_where_it_is(tmp_path_factory, sine, range_m, bins_of_speed):
    config = BOARDS['three transmitters, one raised']
    (place, cell), (direction, direction_cell) = drawn(
        tmp_path_factory.mktemp('seen'), config, sine, range_m, bins_of_speed
    )
    assert abs(place[0] - range_m) <= 0.6 * cell[0] and abs(direction[0] - range_m) <= 0.6 * direction_cell[0]
    assert abs(place[1] - bins_of_speed * config.velocity_resolution_m_s) <= 0.6 * cell[1]
    assert abs(direction[1] - sine) <= direction_cell[1] + 0.01


def test_ranges_end_where_they_are_unambiguous(tmp_path):
    config = BOARDS['real samples']
    report = inspect_adc(write(tmp_path, encode_groups(np.ones((1, *config.frame_shape)), config)), config)
    profile, *maps = report_figure(report).axes
    half_bin_m = config.range_resolution_m / 2
    for axis in maps:
        assert axis.images[0].get_extent()[:2] == pytest.approx([-half_bin_m, config.max_range_m - half_bin_m])
    assert all(len(line.get_xdata()) == config.num_samples // 2 for line in profile.lines)
