import pytest
import torch
from torch import nn
from torch.nn.functional import conv3d

from mmradar.models.layers import Conv3d


@pytest.mark.parametrize('memory_format', [torch.contiguous_format, torch.channels_last_3d])
@pytest.mark.parametrize(
    'settings',
    [
        dict(padding=1),
        dict(padding=1, stride=(1, 2, 2), bias=False),
        dict(padding=(1, 0, 2), dilation=(1, 2, 1)),
        dict(padding='same'),
        dict(padding=1, padding_mode='replicate'),
        dict(padding=1, groups=2),
    ],
)
def test_one_window_is_convolved_as_torch_does(settings, memory_format):
    torch.manual_seed(0)
    layer = Conv3d(4, 6, 3, **settings)
    plain = nn.Conv3d(4, 6, 3, **settings)
    plain.load_state_dict(layer.state_dict())
    x = torch.randn(1, 4, 5, 8, 10).contiguous(memory_format=memory_format)
    with torch.no_grad():
        torch.testing.assert_close(layer(x), plain(x), rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(layer(x), plain(x))  # with gradients
    assert layer(x).requires_grad


@pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason='this torch was built without oneDNN')
def test_one_window_goes_to_onednn_and_training_does_not():
    layer, x = Conv3d(3, 4, 3, padding=1), torch.randn(1, 3, 3, 4, 4)

    def operators():
        with torch.profiler.profile() as profile:
            layer(x)
        return {event.key for event in profile.key_averages()}

    with torch.no_grad():
        assert 'aten::mkldnn_convolution' in operators() and 'aten::slow_conv3d_forward' not in operators()
    assert 'aten::slow_conv3d_forward' in operators()  # once torch's rule changes, the layer can go


def test_other_types_and_devices_are_torchs():
    x = torch.randn(1, 2, 3, 4, 4)
    layer = Conv3d(2, 2, 3, padding=1)
    with torch.no_grad():
        expected = conv3d(x.double(), layer.weight.double(), layer.bias.double(), padding=1)
        torch.testing.assert_close(layer.double()(x.double()), expected)
        assert layer.to('meta', torch.float32)(x.to('meta')).shape == (1, 2, 3, 4, 4)
        with torch.autocast('cpu', torch.bfloat16):
            assert Conv3d(2, 2, 3, padding=1)(x).dtype == torch.bfloat16
