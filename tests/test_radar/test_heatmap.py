import numpy as np
import pytest
import torch

from mmradar.radar import heatmap_3d, remove_static_clutter, subsample_chirps


def random_cube(*leading, antennas=5, loops=4, samples=16, dtype=np.complex128):
    rng = np.random.default_rng(0)
    shape = (*leading, antennas, loops, samples)
    return (rng.normal(size=shape) + 1j * rng.normal(size=shape)).astype(dtype)


def direct_dft(cube, num_doppler, num_angle):
    """The three sums as they stand, with signed frequencies."""
    antennas, loops, samples = cube.shape
    result = np.zeros((num_angle, num_doppler, samples), complex)
    for i, angle in enumerate(np.arange(num_angle) - num_angle // 2):
        for j, doppler in enumerate(np.arange(num_doppler) - num_doppler // 2):
            for r in range(samples):
                for a in range(antennas):
                    for c in range(loops):
                        phase = angle * a / num_angle + doppler * c / num_doppler + r * np.arange(samples) / samples
                        result[i, j, r] += (cube[a, c] * np.exp(-2j * np.pi * phase)).sum()
    return result


def test_equals_the_direct_dft():
    cube = random_cube(samples=6)
    np.testing.assert_allclose(heatmap_3d(cube, num_doppler=6, num_angle=8), direct_dft(cube, 6, 8), atol=1e-10)


def test_range_crop_and_antenna_order_are_what_they_say():
    cube = random_cube(2)
    whole = heatmap_3d(cube, 4, 8)
    np.testing.assert_allclose(heatmap_3d(cube, 4, 8, range_bins=(3, 9)), whole[..., 3:9])
    order = [4, 0, 2, 1, 3]
    np.testing.assert_allclose(heatmap_3d(cube, 4, 8, antenna_order=order), heatmap_3d(cube[:, order], 4, 8))


@pytest.mark.parametrize('dtype', [np.complex64, np.complex128])
def test_numpy_and_torch_agree_and_keep_the_precision(dtype):
    cube = random_cube(2, 3, dtype=dtype)
    for function in (remove_static_clutter, lambda x: subsample_chirps(x, 2), lambda x: heatmap_3d(x, 4, 8, (2, 10))):
        ours, theirs = function(cube), function(torch.from_numpy(cube))
        assert ours.dtype == dtype and theirs.numpy().dtype == dtype
        np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-5, atol=1e-4)


def test_shape_is_angle_doppler_range():
    assert heatmap_3d(np.zeros((2, 12, 8, 256), np.complex64)).shape == (2, 64, 8, 256)


def test_what_stands_still_vanishes():
    cube = np.repeat(random_cube(loops=1), 6, axis=-2)
    assert np.abs(remove_static_clutter(cube)).max() < 1e-12


def test_subsampling_is_uniform():
    cube = np.arange(12.0).reshape(1, 12, 1)
    np.testing.assert_array_equal(subsample_chirps(cube, 4).ravel(), [0, 3, 6, 9])
    with pytest.raises(ValueError, match='12 loops cannot be subsampled uniformly to 5 chirps'):
        subsample_chirps(cube, 5)


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(num_doppler=2), '4 loops do not fit 2 Doppler bins'),
        (dict(num_doppler=4, num_angle=4), '5 virtual antennas do not fit 4 angle bins'),
        (dict(num_doppler=4, num_angle=8, range_bins=(0, 17)), r'range_bins \(0, 17\) do not lie within the 16 bins'),
        (
            dict(num_doppler=4, num_angle=8, antenna_order=[0, 0, 1, 2, 3]),
            'antenna_order must name each of the 5 antennas once',
        ),
    ],
)
def test_impossible_requests_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        heatmap_3d(random_cube(), **options)
