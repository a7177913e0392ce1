"""ViTPose's encoder: published weights, made up under their published names, and what comes out."""

import math

import pytest
import torch
from mmengine.registry import init_default_scope

from glsmamba.models import PlainViT
from glsmamba.models.backbones.plain_vit import ARCHS
from mmradar.errors import CheckpointError, ConfigError
from mmradar.registry import MODELS

SIZE, GRID = (48, 32), (3, 2)  # rows and columns of px and of patches
TINY = dict(embed_dims=12, num_layers=2, num_heads=3, feedforward_channels=20)
# Millions of parameters in ViTPose's table, the small one's as mmpose has it
MILLIONS = {'small': 22, 'base': 86, 'large': 307, 'huge': 632}


@pytest.fixture(autouse=True)
def _scope_and_seed():
    init_default_scope('mmradar')
    torch.manual_seed(0)


def published_shapes(dims, layers, hidden, positions):
    """Names as in mmpose's ViTPose checkpoints, below ``backbone.``."""
    shapes = {
        'pos_embed': (1, positions, dims),
        'patch_embed.projection.weight': (dims, 3, 16, 16),
        'patch_embed.projection.bias': (dims,),
    }
    for layer in range(layers):
        for name, shape in {
            'ln1': (dims,),
            'attn.qkv': (3 * dims, dims),
            'attn.proj': (dims, dims),
            'ln2': (dims,),
            'ffn.layers.0.0': (hidden, dims),
            'ffn.layers.1': (dims, hidden),
        }.items():
            shapes[f'layers.{layer}.{name}.weight'] = shape
            shapes[f'layers.{layer}.{name}.bias'] = shape[:1]
    return shapes | {'ln1.weight': (dims,), 'ln1.bias': (dims,)}


def released(name):
    """The same weight's name in ViTPose's own release."""
    if name.startswith('layers.'):
        name = name.replace('layers.', 'blocks.', 1).replace('.ln', '.norm')
        return name.replace('ffn.layers.0.0', 'mlp.fc1').replace('ffn.layers.1', 'mlp.fc2')
    return name.replace('projection', 'proj').replace('ln1', 'last_norm')


def made_weights(form):
    """A tiny encoder's weights in a published form, and as mmpose names them without a class token."""
    plain = {name: 0.3 * torch.randn(shape) for name, shape in published_shapes(12, 2, 20, 6).items()}
    if form == 'mmpose':
        return plain, plain
    class_token = torch.randn(1, 1, 12)
    positions = plain['pos_embed']
    if form == 'mmpose with a class token':
        return plain | {'pos_embed': torch.cat([class_token, positions], dim=1)}, plain
    with_token = plain | {'pos_embed': torch.cat([class_token, positions], dim=1)}
    return {released(name): x for name, x in with_token.items()}, plain | {'pos_embed': positions + class_token}


FORMS = ['mmpose', 'mmpose with a class token', 'released']


def normalised(x, weight, bias):
    centred = x - x.mean(-1, keepdim=True)
    return centred / (centred.square().mean(-1, keepdim=True) + 1e-6).sqrt() * weight + bias


def attended(x, weight, bias, heads):
    """One head, one query after the other."""
    dims = x.shape[-1] // heads
    q, k, v = (x @ weight.T + bias).chunk(3, dim=-1)
    output = torch.zeros_like(x)
    for head in range(heads):
        part = slice(head * dims, (head + 1) * dims)
        for query in range(len(x)):
            share = torch.exp(k[:, part] @ q[query, part] / math.sqrt(dims))
            output[query, part] = share / share.sum() @ v[:, part]
    return output


def encoded(w, image, heads=3):
    """A pre-norm Transformer over patches of an image with 2 px of zeros around it; GELU with the error function."""
    padded = torch.nn.functional.pad(image, (2, 2, 2, 2))
    corners = [(16 * row, 16 * column) for row in range(GRID[0]) for column in range(GRID[1])]
    patches = torch.stack([padded[:, row : row + 16, column : column + 16].flatten() for row, column in corners])
    x = patches @ w['patch_embed.projection.weight'].flatten(1).T + w['patch_embed.projection.bias'] + w['pos_embed'][0]
    for layer in range(2):
        own = {name.removeprefix(f'layers.{layer}.'): v for name, v in w.items() if name.startswith(f'layers.{layer}.')}
        inner = attended(
            normalised(x, own['ln1.weight'], own['ln1.bias']), own['attn.qkv.weight'], own['attn.qkv.bias'], heads
        )
        x = x + inner @ own['attn.proj.weight'].T + own['attn.proj.bias']
        inner = normalised(x, own['ln2.weight'], own['ln2.bias']) @ own['ffn.layers.0.0.weight'].T
        inner = inner + own['ffn.layers.0.0.bias']
        inner = inner * (1 + torch.erf(inner / math.sqrt(2))) / 2
        x = x + inner @ own['ffn.layers.1.weight'].T + own['ffn.layers.1.bias']
    return normalised(x, w['ln1.weight'], w['ln1.bias']).T.unflatten(1, GRID)


@pytest.mark.parametrize('form', FORMS)
def test_published_weights_load_strictly_and_give_what_they_should(form):
    weights, plain = made_weights(form)
    before = {name: x.clone() for name, x in weights.items()}
    vit = PlainViT(TINY, SIZE).eval()
    vit.load_state_dict(weights, strict=True)
    assert weights.keys() == before.keys() and all(torch.equal(x, before[name]) for name, x in weights.items())
    for name, x in vit.state_dict().items():
        torch.testing.assert_close(x, plain[name])
    images = torch.randn(2, 3, *SIZE)
    with torch.no_grad():
        (maps,) = vit(images)
        assert maps.shape == (2, 12, *GRID)
        for image, found in zip(images, maps):
            torch.testing.assert_close(found, encoded(plain, image), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize('form', FORMS)
def test_a_weight_that_is_missing_or_unknown_is_named(form):
    weights, _ = made_weights(form)
    missing = 'blocks.1.mlp.fc2.bias' if form == 'released' else 'layers.1.ffn.layers.1.bias'
    del weights[missing]
    weights['experts.0.weight'] = torch.zeros(1)
    found = PlainViT(TINY, SIZE).load_state_dict(weights, strict=False)
    assert found.missing_keys == ['layers.1.ffn.layers.1.bias'] and found.unexpected_keys == ['experts.0.weight']


@pytest.mark.parametrize('arch', MILLIONS)
def test_published_sizes(arch):
    with torch.device('meta'):
        vit = PlainViT(arch)
    dims, layers = ARCHS[arch]['embed_dims'], ARCHS[arch]['num_layers']
    shapes = published_shapes(dims, layers, 4 * dims, 16 * 12)
    assert {name: tuple(x.shape) for name, x in vit.state_dict().items()} == shapes
    parameters = sum(x.numel() for x in vit.parameters())
    assert parameters == layers * (12 * dims**2 + 13 * dims) + (3 * 16**2 + 1 + 16 * 12 + 2) * dims
    assert parameters / 1e6 == pytest.approx(MILLIONS[arch], rel=0.03)


def estimator(checkpoint, prefix='backbone.'):
    return MODELS.build(
        dict(
            type='VideoTopdownPoseEstimator',
            backbone=dict(
                type='PlainViT',
                arch=TINY,
                img_size=SIZE,
                init_cfg=dict(type='Pretrained', checkpoint=str(checkpoint), prefix=prefix),
            ),
            head=dict(
                type='HeatmapHead',
                in_channels=12,
                out_channels=4,
                deconv_out_channels=None,
                loss=dict(type='KeypointMSELoss'),
            ),
        )
    )


@pytest.mark.parametrize('form', FORMS)
@pytest.mark.parametrize('prefix', ['backbone.', 'backbone', None])
def test_an_estimator_starts_from_published_files(tmp_path, form, prefix):
    weights, plain = made_weights(form)
    start = 'backbone.' if prefix else ''
    others = {'keypoint_head.final_layer.bias': torch.zeros(17)}
    path = tmp_path / 'vitpose.pth'
    torch.save(dict(state_dict=others | {start + name: x for name, x in weights.items()}), path)
    model = estimator(path, prefix)
    model.init_weights()
    for name, x in model.backbone.state_dict().items():
        torch.testing.assert_close(x, plain[name])


@pytest.mark.parametrize(
    'spoilt, message',
    [
        (dict(TINY, embed_dims=24), 'in another size, below .backbone..: size mismatch for pos_embed.*1, 6, 24'),
        (
            dict(TINY, num_layers=1),
            'lacks 12 weights of the frozen backbone.*: layers.1.ln1.weight.* It has weights below',
        ),
    ],
)
def test_files_of_another_size_are_refused(tmp_path, spoilt, message):
    state = PlainViT(spoilt, SIZE).state_dict()
    torch.save({f'backbone.{name}': x for name, x in state.items()}, tmp_path / 'other.pth')
    with pytest.raises(CheckpointError, match=message):
        estimator(tmp_path / 'other.pth').init_weights()


@pytest.mark.parametrize(
    'arguments, message',
    [
        (dict(img_size=(250, 192)), 'patches of 16 px'),
        (dict(arch=dict(embed_dims=10, num_layers=1, num_heads=3)), '10 channels'),
        (dict(patch_padding=8), 'patch_padding=8'),
        (dict(arch='giant'), "small, base, large, huge, or a dictionary.*found 'giant'"),
        (dict(arch=dict(embed_dims=12)), 'num_heads and optionally feedforward_channels; found'),
        (dict(arch=dict(TINY, depth=3)), "feedforward_channels; found.*'depth': 3"),
    ],
)
def test_impossible_encoders(arguments, message):
    with torch.device('meta'), pytest.raises(ConfigError, match=message):
        PlainViT(**arguments)


def test_images_of_another_size():
    with pytest.raises(ValueError, match=r'\(48, 32\) px, found \(64, 64\)'):
        PlainViT(TINY, SIZE)(torch.zeros(1, 3, 64, 64))
