import pytest
import torch

from mmradar.errors import ConfigError
from mmradar.models.backbones import CVMamba
from mmradar.models.layers import FrameStem


def test_a_frame_is_seen_by_itself_and_all_its_doppler_bins_count():
    torch.manual_seed(0)
    stem = FrameStem(in_channels=2, num_doppler=4, channels=(8, 16))
    x = torch.randn(2, 3, 2, 16, 4, 32)
    y = stem(x)
    assert y.shape == (2, 16, 3, 2, 4)
    for place in range(3):
        torch.testing.assert_close(stem(x[:, [place]])[:, :, 0], y[:, :, place])
    for channel in range(2):
        for doppler in range(4):
            other = x.clone()
            other[:, 1, channel, :, doppler] += 1
            changed = (stem(other) != y).flatten(3).any(-1).any(0).any(0)
            assert changed.tolist() == [False, True, False]


def test_by_hand():
    """One convolution that adds up cells of 2 x 2 with weights by channel and Doppler bin."""
    stem = FrameStem(in_channels=2, num_doppler=2, channels=(1,), kernels=(2,), strides=(2,))
    weights = torch.tensor([1.0, 10.0, 100.0, 1000.0])  # the Doppler bins of a channel lie side by side
    with torch.no_grad():
        stem.layers[0].weight.copy_(weights.view(1, 4, 1, 1).expand(1, 4, 2, 2))
        stem.layers[0].bias.zero_()
    x = torch.arange(2 * 4 * 2 * 6).float().view(1, 1, 2, 4, 2, 6)
    expected = torch.zeros(1, 1, 1, 2, 3)
    for doppler in range(2):
        for channel in range(2):
            cells = x[0, 0, channel, :, doppler].view(2, 2, 3, 2).sum((1, 3))
            expected[0, 0, 0] += weights[2 * channel + doppler] * cells
    torch.testing.assert_close(stem(x), expected)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(channels=(8, 8, 8)), 'as many channels as kernels'),
        (dict(kernels=(2, 4)), 'its stride plus an even number'),
        (dict(kernels=(5, 4)), 'its stride plus an even number'),
    ],
)
def test_settings_that_cannot_be(options, message):
    with pytest.raises(ConfigError, match=message):
        FrameStem(**options)


def test_as_the_stem_of_the_encoder():
    backbone = CVMamba(
        num_frames=3, input_size=(16, 32), stem=dict(type='FrameStem', num_doppler=4, channels=(8, 16), strides=(4, 2))
    )
    (tokens,) = backbone(torch.randn(2, 3, 2, 1, 16, 4, 32))
    assert tokens.shape == (2, 3 * 2 * 2 * 4, 16)
    with pytest.raises(ConfigError, match='num_doppler is 4, but the heatmaps have 8 bins'):
        backbone(torch.randn(2, 3, 2, 1, 16, 8, 32))
