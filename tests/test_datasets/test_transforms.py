import numpy as np
import pytest

from mmradar.datasets.transforms import HeatmapToChannels, NormalizeHeatmap, RadarHeatmap3D


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


@pytest.mark.parametrize(
    'build',
    [lambda: HeatmapToChannels('db'), lambda: NormalizeHeatmap('all'), lambda: RadarHeatmap3D(antenna_order='random')],
)
def test_unknown_options_are_named(build):
    with pytest.raises(ValueError, match='must be .* found'):
        build()
