import numpy as np
import pytest
import torch

from mmradar.radar import RadarConfig, heatmap_3d, heatmap_4d, remove_static_clutter


def random_frame(*leading, dtype=np.complex128):
    rng = np.random.default_rng(0)
    shape = (*leading, 4, 192, 256)
    return (rng.normal(size=shape) + 1j * rng.normal(size=shape)).astype(dtype)


def step_by_step(frame):
    """HuPR's recipe as it is told, one transform after the other."""
    tx = [frame[:, k::3] for k in range(3)]
    azimuth, elevation = np.concatenate([tx[0], tx[2]]), tx[1]
    grid = np.zeros((8, 64, 16, 64), complex)  # elevation, columns, Doppler, range
    for rows, place in ((azimuth, grid[0, 0:8]), (elevation, grid[1, 2:6])):
        spectrum = np.fft.fft2(rows - rows.mean(1, keepdims=True), axes=(1, 2))[:, :, 94:30:-1]
        place[:] = np.fft.fftshift(spectrum, axes=1)[:, 24:40]
    grid[:, 2:6] = np.fft.fft(grid[:, 2:6], axis=0)
    grid = np.fft.fft(grid, axis=1)
    grid = np.flip(np.fft.fftshift(grid, axes=(0, 1)), axis=(0, 1))
    return grid.transpose(2, 3, 1, 0)


def test_equals_the_recipe_step_by_step():
    frame = random_frame()
    expected, found = step_by_step(frame), heatmap_4d(frame)
    assert found.shape == (16, 64, 64, 8) and found.dtype == np.complex128
    assert np.abs(found - expected).max() < 1e-12 * np.abs(expected).max()


def test_demultiplexed_batched_and_in_torch():
    frame = random_frame(2)
    expected = heatmap_4d(frame)
    cube = frame.reshape(2, 4, 64, 3, 256).transpose(0, 3, 1, 2, 4).reshape(2, 12, 64, 256)
    np.testing.assert_allclose(heatmap_4d(cube), expected, atol=1e-9)
    np.testing.assert_allclose(heatmap_4d(torch.from_numpy(frame)).numpy(), expected, atol=1e-9)
    single = heatmap_4d(frame.astype(np.complex64))
    assert single.dtype == np.complex64
    assert np.abs(single - expected).max() < 1e-5 * np.abs(expected).max()


def target(azimuth, elevation, range_bin, doppler_bin):
    """A point target, in cycles an antenna step; (12, 64, 256)."""
    along, across = RadarConfig().virtual_positions.T
    antennas = np.exp(2j * np.pi * (azimuth * along + elevation * across))
    loops = np.exp(2j * np.pi * doppler_bin / 64 * np.arange(64))
    samples = np.exp(2j * np.pi * range_bin / 256 * np.arange(256))
    return antennas[:, None, None] * loops[:, None] * samples


@pytest.mark.parametrize('azimuth, elevation', [(0.0, 0.0), (0.2, 0.25), (-0.3, -0.125)])
def test_a_point_target_lies_where_it_should(azimuth, elevation):
    heatmap = np.abs(heatmap_4d(target(azimuth, elevation, 60, 3)))
    doppler, range_bin, azimuth_bin, elevation_bin = np.unravel_index(heatmap.argmax(), heatmap.shape)
    assert doppler == 8 + 3 and range_bin == 94 - 60
    assert abs((31 - azimuth_bin) / 64 - azimuth) <= 0.5 / 64
    # Frequency 0 also gets the four columns that the elevation transform leaves out, and always wins; HuPR's recipe.
    assert elevation_bin == 3
    if elevation:
        others = np.delete(np.arange(8), 3)
        elevation_bin = others[heatmap[doppler, range_bin, azimuth_bin, others].argmax()]
    assert (3 - elevation_bin) / 8 == pytest.approx(elevation, abs=0.5 / 8)


def test_3d_and_4d_agree_where_they_must():
    """Without the raised row, the 3D heatmap is the 4D one's sum over the columns that stand in row 0."""
    cube = remove_static_clutter(random_frame().reshape(4, 64, 3, 256).transpose(2, 0, 1, 3).reshape(12, 64, 256))
    cube[4:8] = 0
    long_row = cube[[0, 1, 2, 3, 8, 9, 10, 11]]
    expected = heatmap_3d(long_row, num_doppler=64, range_bins=(31, 95), antenna_order=None)[:, 24:40]
    found = heatmap_4d(cube)[..., 3]  # elevation frequency 0
    np.testing.assert_allclose(found, expected.transpose(1, 2, 0)[:, ::-1, ::-1], atol=1e-9)


def test_other_counts_of_loops_and_bins():
    cube = np.concatenate([target(0.1, 0.0, 10, 5)] * 2, axis=1)  # 128 loops
    heatmap = np.abs(heatmap_4d(cube, num_doppler=32, range_bins=(0, 32), num_azimuth=32, num_elevation=4))
    assert heatmap.shape == (32, 32, 32, 4)
    assert np.unravel_index(heatmap.argmax(), heatmap.shape)[:2] == (16 + 10, 31 - 10)


@pytest.mark.parametrize(
    'shape, options, message',
    [
        ((5, 64, 256), {}, r'takes \(\.\.\., 4 receivers, 3 x loops, samples\).*found \(5, 64, 256\)'),
        ((4, 100, 256), {}, r'found \(4, 100, 256\)'),
        ((12, 64, 64), {}, r'range_bins \(31, 95\) do not lie within the 64 bins'),
        ((12, 8, 256), {}, 'keeps at most 8 Doppler bins of 8 loops'),
        ((12, 64, 256), dict(num_azimuth=4), 'at least 8 azimuth'),
    ],
)
def test_impossible_requests_are_refused(shape, options, message):
    with pytest.raises(ValueError, match=message):
        heatmap_4d(np.zeros(shape, np.complex64), **options)
