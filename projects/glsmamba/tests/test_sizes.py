"""The paper's table of sizes: trainable parameters, and multiply-accumulates as layers have them."""

from collections import Counter

import pytest
import torch
from torch import nn

from glsmamba.models import Deconvolutions, GLSMamba, PlainViT
from glsmamba.models.layers import S6

HEAD = nn.Conv2d(256, 15, 1)


def parameters(**options):
    with torch.device('meta'):
        return sum(p.numel() for module in (GLSMamba(**options), HEAD) for p in module.parameters())


def layer_macs(module, inputs):
    """Of linear layers and convolutions: what counters that look at layers see.

    Not seen by them: products of attention, scans, sampled products of deformable convolutions.
    """
    macs = Counter()

    def count(layer, args, output):
        if isinstance(layer, S6):  # its projections are parameters of its own, shared by all directions
            x_proj, dt_proj = layer.x_weight[0].numel(), layer.dt_weight[0].numel()
            macs['layers'] += args[0].shape[1] * (x_proj + dt_proj)
        elif isinstance(layer, nn.ConvTranspose2d):
            macs['layers'] += args[0].numel() // layer.in_channels * layer.weight.numel()
        elif isinstance(layer, nn.Conv2d):
            macs['layers'] += output.numel() // layer.out_channels * layer.weight.numel()
        else:
            macs['layers'] += output.numel() // layer.out_features * layer.weight.numel()

    for layer in module.modules():
        if isinstance(layer, (nn.Linear, nn.Conv2d, nn.ConvTranspose2d, S6)):
            layer.register_forward_hook(count)
    module(inputs)
    return macs['layers']


def giga_macs(size=(64, 48), **options):
    """ViT-B on 5 frames of 256 x 192, upsampling if the map is not a 16th, GLSMamba and the 1 x 1 head."""
    with torch.device('meta'):
        vit = PlainViT('base')
        total = layer_macs(vit, torch.zeros(5, 3, 256, 192))
        channels = 768
        if size == (64, 48):
            total += layer_macs(Deconvolutions(), torch.zeros(5, 768, 16, 12))
            channels = 256
        total += layer_macs(GLSMamba(channels, **options), torch.zeros(1, 5, channels, *size))
        return (total + size[0] * size[1] * HEAD.weight.numel()) / 1e9


ROWS = [
    (dict(), 9.8, 138.9),
    (dict(directions='unified'), 9.1, 137.4),
    (dict(directions='unified+spatial'), 9.4, 138.1),
    (dict(merge='sum'), 9.1, 137.4),
]


@pytest.mark.parametrize('options, millions, gflops', ROWS)
def test_rows_of_the_papers_table(options, millions, gflops):
    assert parameters(**options) / 1e6 == pytest.approx(millions, rel=0.01)
    assert giga_macs(**options) == pytest.approx(gflops, rel=0.03)


def test_a_sixteenth_of_the_resolution():
    assert giga_macs((16, 12)) == pytest.approx(85.1, rel=0.03)
    assert parameters(in_channels=768) / 1e6 == pytest.approx(9.8, rel=0.03)


def test_default_size_to_the_number():
    assert parameters() == 9_804_615
