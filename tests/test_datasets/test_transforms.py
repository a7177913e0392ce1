from dataclasses import replace

import numpy as np
import pytest

from conftest import SMALL_PLAN
from mmradar.datasets.transforms import (
    CalibrateCube,
    ElevationToChannels,
    EmptyHeatmap,
    Heatmap3D,
    Heatmap4D,
    HeatmapToChannels,
    LoadRadarCube,
    MeanOverElevation,
    NormalizeHeatmap,
    RadarDensityMap,
    RadarPointCloud,
    RangeDopplerMap,
)
from mmradar.errors import ConfigError
from mmradar.radar import (
    Calibration,
    RawRecording,
    density_map,
    encode_groups,
    heatmap_4d,
    open_recording,
    pack_words,
    point_cloud,
)


def heatmap(seed=0):
    rng = np.random.default_rng(seed)
    shape = (2, 2, 8, 3, 5)
    return (rng.normal(size=shape) + 1j * rng.normal(size=shape)).astype(np.complex64)


@pytest.mark.parametrize(
    'mode, expected',
    [
        ('real_imag', lambda h: np.stack([h.real, h.imag], 2)),
        ('magnitude', lambda h: np.abs(h)[:, :, None]),
        ('log_magnitude', lambda h: np.log1p(np.abs(h))[:, :, None]),
    ],
)
def test_channels(mode, expected):
    out = HeatmapToChannels(mode)(dict(heatmap=heatmap()))['heatmap']
    assert out.dtype == np.float32
    np.testing.assert_allclose(out, expected(heatmap()), rtol=1e-6)


def test_normalisation_per_map_and_per_frame():
    channels = HeatmapToChannels()(dict(heatmap=heatmap()))['heatmap'] * 7 + 3
    by_map = NormalizeHeatmap('map')(dict(heatmap=channels))['heatmap']
    np.testing.assert_allclose(by_map.mean((3, 5)), 0, atol=1e-5)
    np.testing.assert_allclose(by_map.std((3, 5)), 1, rtol=1e-4)
    by_frame = NormalizeHeatmap('frame')(dict(heatmap=channels))['heatmap']
    np.testing.assert_allclose(by_frame.std((2, 3, 4, 5)), 1, rtol=1e-4)
    assert by_frame.std((3, 5)).std() > 0.01  # Doppler bins keep their strengths
    # HuPR's own two steps, min-max and then standardisation, give the same as the second alone
    low, high = channels.min((3, 5), keepdims=True), channels.max((3, 5), keepdims=True)
    scaled = (channels - low) / (high - low)
    np.testing.assert_allclose(NormalizeHeatmap('map')(dict(heatmap=scaled))['heatmap'], by_map, atol=1e-3)


def test_an_empty_map_stays_finite():
    assert (NormalizeHeatmap()(dict(heatmap=np.zeros((1, 1, 2, 4, 2, 4), np.float32)))['heatmap'] == 0).all()


def normalised(window, *steps_to_heatmap, **options):
    return steps(window(), *steps_to_heatmap, HeatmapToChannels(), NormalizeHeatmap(**options))['heatmap']


@pytest.mark.parametrize(
    'make',
    [
        lambda: (RangeDopplerMap(None, num_doppler=4, range_bins=(20, 50)), Heatmap4D()),
        lambda: (LoadRadarCube(), RangeDopplerMap(None), Heatmap3D(antenna_order='rows')),
        lambda: (RangeDopplerMap(num_chirps=8, num_doppler=4), Heatmap3D()),  # all of the eight loops
    ],
    ids=['4d', 'cube', 'raw'],
)
def test_a_bin_of_nothing_but_rounding_is_zero(window, make):
    """Clutter removed over the loops that are transformed leaves nothing at rest; the other bins stay as they were."""
    found, faithful = normalised(window, *make()), normalised(window, *make(), rounding=0)
    doppler = found.shape[-2]
    rest = np.arange(doppler) == doppler // 2
    assert (found[..., rest, :] == 0).all()
    np.testing.assert_array_equal(found[..., ~rest, :], faithful[..., ~rest, :])
    assert faithful[..., rest, :].std() > 0.1


def test_the_converter_s_noise_beside_a_static_echo_that_fills_the_converter_is_no_rounding():
    """Rounding to whole counts alone leaves a deviation of 0.3; the echo adds up over 64 loops."""
    rng = np.random.default_rng(0)
    loops = np.full((64, 128), 15_000.0) + 0.3 * rng.normal(size=(64, 128))
    doppler = np.fft.fft(loops, axis=0)  # of one antenna: noise in every bin, the echo in the first
    channels = doppler[None, None, None, :, None, :].real.transpose(0, 1, 2, 4, 3, 5).astype(np.float32)
    channels = channels + np.zeros((1, 1, 1, 4, 1, 1), np.float32)
    channels[..., 0, 64:] = 0  # the echo lies at some ranges only
    assert (NormalizeHeatmap()(dict(heatmap=channels))['heatmap'].std((-3, -1)) > 0.9).all()


def test_a_weak_bin_of_echoes_is_no_rounding():
    channels = HeatmapToChannels()(dict(heatmap=heatmap()))['heatmap']
    channels[..., 1, :] *= 1e-4
    assert np.abs(NormalizeHeatmap()(dict(heatmap=channels))['heatmap'][..., 1, :]).max() > 1
    channels[..., 1, :] *= 1e-3
    assert (NormalizeHeatmap()(dict(heatmap=channels))['heatmap'][..., 1, :] == 0).all()


def test_elevation_becomes_channels(window):
    rows = steps(window(), RangeDopplerMap(), Heatmap3D(antenna_order='rows'), HeatmapToChannels())['heatmap']
    assert rows.shape == (3, 2, 2, 2, 64, 8, 128)
    flat = ElevationToChannels()(dict(heatmap=rows))['heatmap']
    assert flat.shape == (3, 2, 4, 64, 8, 128)
    for channel in range(2):
        for row in range(2):
            np.testing.assert_array_equal(flat[:, :, 2 * channel + row], rows[:, :, channel, row])


@pytest.mark.parametrize(
    'build',
    [
        lambda: HeatmapToChannels('db'),
        lambda: NormalizeHeatmap('all'),
        lambda: NormalizeHeatmap(rounding=-1),
        lambda: Heatmap3D(antenna_order='random'),
    ],
)
def test_unknown_options_are_named(build):
    with pytest.raises(ValueError, match='must be .* found'):
        build()


CONFIG = SMALL_PLAN.radar_config


@pytest.fixture
def window(simulated_root):
    """Three frames of both views of a simulated sequence, before the pipeline."""
    paths = {view: simulated_root / f'single_1/{view}/adc_data.bin' for view in ('hori', 'vert')}
    recordings = {view: open_recording(path, CONFIG) for view, path in paths.items()}
    return lambda: dict(recordings=dict(recordings), frame_indices=np.array([0, 2, 2]))


def steps(results, *transforms):
    for transform in transforms:
        results = transform(results)
    return results


def cubes(window):
    return [recording.cube([0, 2, 2]) for recording in window()['recordings'].values()]


def test_4d_heatmaps(window):
    options = dict(num_doppler=4, range_bins=(20, 50))
    found = steps(window(), RangeDopplerMap(None, **options), Heatmap4D())['heatmap']
    assert found.shape == (3, 2, 8, 64, 4, 30)
    expected = heatmap_4d(cubes(window)[1], **options)[2]  # Doppler, range, azimuth, elevation
    np.testing.assert_allclose(found[2, 1], expected.transpose(3, 2, 0, 1), atol=1e-6 * np.abs(expected).max())


def test_4d_channels_are_normalised_map_by_map_and_averaged(window):
    four_d = steps(
        window(), RangeDopplerMap(None, num_doppler=4, range_bins=(20, 50)), Heatmap4D(), HeatmapToChannels()
    )
    assert four_d['heatmap'].shape == (3, 2, 2, 8, 64, 4, 30)
    maps = four_d['heatmap'].copy()
    normalised = NormalizeHeatmap(rounding=0)(four_d)['heatmap']
    one = maps[1, 0, 1, 3, :, 2]
    np.testing.assert_allclose(normalised[1, 0, 1, 3, :, 2], (one - one.mean()) / (one.std() + 1e-6), atol=1e-4)
    mean = MeanOverElevation()(dict(heatmap=normalised))['heatmap']
    assert mean.shape == (3, 2, 2, 64, 4, 30)
    np.testing.assert_allclose(mean, normalised.mean(3))


def test_density_maps(window):
    options = dict(range_bins=(20, 50), train=(4, 1), guard=(1, 1))
    found = steps(window(), LoadRadarCube(), RadarDensityMap(**options), HeatmapToChannels('magnitude'))['heatmap']
    assert found.shape == (3, 2, 1, 64, 8, 30) and found.dtype == np.float32
    np.testing.assert_array_equal(found[1, 1, 0], density_map(cubes(window)[1][1], CONFIG, **options))
    np.testing.assert_array_equal(found[1], found[2])


def test_point_clouds(window):
    options = dict(train=(4, 1), guard=(1, 1), false_alarm_rate=3e-2, peaks_only=False)
    results = steps(window(), LoadRadarCube(), RadarPointCloud(num_points=40, **options))
    points, number = results['points'], results['num_points']
    assert points.shape == (3, 2, 40, 5) and points.dtype == np.float32 and number.shape == (3, 2)
    cloud = point_cloud(cubes(window)[0][0], CONFIG, **options)
    assert number[0, 0] == min(40, len(cloud.doppler_m_s)) > 3
    there = points[0, 0, : number[0, 0]]
    assert (np.diff(there[:, 4]) <= 0).all() and there[0, 4] == pytest.approx(cloud.intensity_db.max())
    np.testing.assert_allclose(there[0, :3], cloud.position_m[cloud.intensity_db.argmax()], rtol=1e-5)
    assert not points[0, 0, number[0, 0] :].any()
    few = steps(window(), LoadRadarCube(), RadarPointCloud(num_points=2, **options))
    np.testing.assert_array_equal(few['points'][0, 0], points[0, 0, :2])
    with pytest.raises(ConfigError, match='num_points must be at least 1'):
        RadarPointCloud(0)


@pytest.fixture
def calibrations(tmp_path):
    rng = np.random.default_rng(0)
    for view in ('hori', 'vert'):
        Calibration(rng.normal(size=12).tolist(), rng.normal(size=12).tolist(), 0.01).save(tmp_path / f'{view}.json')
    return {view: str(tmp_path / f'{view}.json') for view in ('hori', 'vert')}


def heatmap_3d_of(results, *before, **options):
    return steps(results, *before, RangeDopplerMap(num_chirps=4, **options), Heatmap3D())['heatmap']


def test_calibrated_heatmaps_in_one_step_and_in_several(window, calibrations):
    bins = dict(range_bins=(20, 50))
    expected = heatmap_3d_of(window(), LoadRadarCube(), CalibrateCube(calibrations), **bins)
    found = heatmap_3d_of(window(), calibrations=calibrations, **bins)
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max())
    plain = heatmap_3d_of(window(), **bins)
    assert np.abs(found - plain).max() > 0.1 * np.abs(plain).max()
    del calibrations['vert']
    for transforms in ((LoadRadarCube(), CalibrateCube(calibrations)), (RangeDopplerMap(calibrations=calibrations),)):
        with pytest.raises(ConfigError, match="no calibration of the view 'vert'; there are hori"):
            steps(window(), *transforms)
    with pytest.raises(ConfigError, match="no calibration of the view 'hori'; there are none"):
        steps(window(), LoadRadarCube(), CalibrateCube({}))


@pytest.mark.parametrize(
    'options', [dict(), dict(static_clutter=True, tdm_compensation=True), dict(doppler_window='hann')]
)
def test_cubes_and_files_of_cubes_give_what_the_raw_file_gives(window, tmp_path, options):
    expected = heatmap_3d_of(window(), **options)
    by_hand = heatmap_3d_of(window(), LoadRadarCube(), **options)
    np.testing.assert_allclose(by_hand, expected, atol=1e-5 * np.abs(expected).max())
    results = window() | dict(frame_indices=np.arange(3))
    for view, cube in zip(('hori', 'vert'), cubes(window)):
        np.save(tmp_path / f'{view}.npy', cube.transpose(0, 2, 1, 3))
        results['recordings'][view] = open_recording(tmp_path / f'{view}.npy', CONFIG, axes='frame loop antenna sample')
    np.testing.assert_allclose(heatmap_3d_of(results, **options), expected, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize(
    'layout', [dict(num_lanes=4, header_bytes=64), dict(iq_order='QQII'), dict(iq_order='IQIQ', header_bytes=64)]
)
def test_another_layout_gives_the_same_heatmap(window, tmp_path, layout):
    config = replace(CONFIG, **layout)
    results = window() | dict(frame_indices=np.arange(3))
    for view, cube in zip(('hori', 'vert'), cubes(window)):
        pack_words(encode_groups(cube, config), config).tofile(tmp_path / f'{view}.bin')
        results['recordings'][view] = open_recording(tmp_path / f'{view}.bin', config)
    np.testing.assert_array_equal(heatmap_3d_of(results), heatmap_3d_of(window()))


def test_each_view_has_the_radar_of_its_recording(window):
    """One view whose transmitters fire in another order: its antennas are sorted by its own radar."""
    turned = replace(CONFIG, tx_positions=CONFIG.tx_positions[::-1])
    results = window()
    plain = heatmap_3d_of(window())
    vert = results['recordings']['vert']
    cube = vert.cube().reshape(len(vert), 3, 4, CONFIG.num_loops, CONFIG.num_samples)[:, ::-1]
    words = pack_words(encode_groups(cube.reshape(len(vert), *CONFIG.frame_shape), turned), turned)
    results['recordings']['vert'] = RawRecording(words.reshape(len(vert), CONFIG.num_loops, 3, -1), vert.path, turned)
    np.testing.assert_allclose(heatmap_3d_of(results), plain, atol=1e-5 * np.abs(plain).max())


def test_an_empty_heatmap_has_frames_and_no_views_and_reads_nothing():
    results = EmptyHeatmap()(dict(recordings=None, frame_indices=np.arange(3)))
    assert results['heatmap'].shape == (3, 0, 0, 0, 0, 0)
