"""The paper's table of sizes: trainable parameters, and multiply-accumulates as layers have them."""

from collections import Counter

import pytest
import torch
from torch import nn

from glsmamba.models import ClipTransformer, Deconvolutions, GLSMamba, PlainViT
from glsmamba.models.layers import S6

HEAD = nn.Conv2d(256, 15, 1)


def parameters(neck=GLSMamba, head=HEAD, **options):
    with torch.device('meta'):
        return sum(p.numel() for module in (neck(**options), head) for p in module.parameters())


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


def giga_macs(size=(64, 48), neck=GLSMamba, head=HEAD, **options):
    """ViT-B on 5 frames of 256 x 192, upsampling if the map is not a 16th, the neck and the 1 x 1 head."""
    with torch.device('meta'):
        vit = PlainViT('base')
        total = layer_macs(vit, torch.zeros(5, 3, 256, 192))
        channels = 768
        if deconvolutions := {(64, 48): 2, (32, 24): 1, (16, 12): 0}[size]:
            channels = 256
            total += layer_macs(Deconvolutions(768, (256,) * deconvolutions), torch.zeros(5, 768, 16, 12))
        total += layer_macs(neck(channels, **options), torch.zeros(1, 5, channels, *size))
        return (total + size[0] * size[1] * head.weight.numel()) / 1e9


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


# The Transformer

WIDE_HEAD = nn.Conv2d(768, 15, 1)


@pytest.mark.parametrize('in_channels, millions', [(768, 46.3), (256, 47.0)])  # a 16th, an 8th
def test_transformers_have_the_papers_parameters(in_channels, millions):
    found = parameters(ClipTransformer, WIDE_HEAD, in_channels=in_channels)
    assert found / 1e6 == pytest.approx(millions, rel=0.02)


def attention_giga_macs(tokens):
    """Of the two products of attention, queries with keys and weights with values, in all layers."""
    with torch.device('meta'):
        layers = ClipTransformer().layers
    return 2 * sum(layer.attn.proj.in_features for layer in layers) * tokens**2 / 1e9


@pytest.mark.parametrize(
    'size, layers, products', [((16, 12), 126.8, 8.5), ((32, 24), 262.6, 135.9), ((64, 48), 798.9, 2174.3)]
)
def test_operations_of_transformers_as_docs_sizes_has_them(size, layers, products):
    assert giga_macs(size, ClipTransformer, WIDE_HEAD) == pytest.approx(layers, abs=0.05)
    assert attention_giga_macs(5 * size[0] * size[1]) == pytest.approx(products, abs=0.05)


def test_a_sixteenth_has_the_papers_operations_with_a_transformer_too():
    assert giga_macs((16, 12), ClipTransformer, WIDE_HEAD) == pytest.approx(125.7, rel=0.02)
