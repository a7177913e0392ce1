import numpy as np
import pytest
import torch

from mmradar.simulation.beat import beat_signals


def random_points(loops=3, rows=4, points=40, low=0.0, high=250.0):
    rng = np.random.default_rng(0)
    phase = rng.uniform(0, 2 * np.pi, size=(loops, rows, points))
    return phase, rng.uniform(0, 1, size=points), rng.uniform(low, high, size=(loops, points))


@pytest.mark.parametrize('samples', [64, 256, 100])
@pytest.mark.parametrize('low, high', [(0, 0.3), (50, 70), (0, 60)])
def test_equals_the_sum_as_it_stands(samples, low, high):
    phase, amplitudes, bins = random_points(low=low, high=high)
    n = np.arange(samples) - samples / 2
    beat = np.exp(2j * np.pi * bins[..., None] * n / samples)
    expected = np.einsum('lrp,lpn->lrn', amplitudes * np.exp(1j * phase), beat)
    carriers = torch.as_tensor(phase).float()
    found = beat_signals(
        carriers.cos(), carriers.sin(), torch.as_tensor(amplitudes).float(), torch.as_tensor(bins), samples
    )
    assert found.shape == (3, 4, samples)
    assert np.abs(found.numpy() - expected).max() < 1e-5 * amplitudes.sum()


def test_no_points_are_silence():
    nothing = torch.zeros(2, 3, 0)
    assert not beat_signals(nothing, nothing, torch.zeros(0), torch.zeros(2, 0), 16).any()
