"""GLSMamba's blocks as the layers of milliMamba's encoder."""

from pathlib import Path

import pytest
import torch
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from torch import nn

from glsmamba.models import GLSMambaMixer
from mmradar.apis.configuration import load_config
from mmradar.errors import ConfigError
from mmradar.models.backbones import CVMamba
from mmradar.registry import MODELS
from mmradar.simulation import SimulationPlan, write_hupr_dataset

PROJECT = Path(__file__).resolve().parents[1]
CONFIGS = {
    'millimamba_glsmamba_tiny_simhupr': 'millimamba_tiny_simhupr',
    'millimamba_glsmamba_hupr': 'millimamba_hupr',
}
FRAMES, VIEWS, ANGLES, RANGES, DIMS = 3, 2, 4, 6, 8
# 16 x 24 bins become 4 x 6 cells
TINY = dict(num_frames=FRAMES, input_size=(16, 24), stem=dict(channels=(2, 2, 4, DIMS)))
ONE_EACH = dict(num_gsm=1, num_lrm=1, attention_dims=4, window=(2, 3), s6_cfg=dict(d_state=2))


@pytest.fixture(autouse=True)
def _scope_and_seed():
    init_default_scope('mmradar')
    torch.manual_seed(0)


def windows(batch=2):
    return torch.randn(batch, FRAMES, VIEWS, 2, 16, 8, 24)


def encoder(options=None, **blocks):
    """CVMamba with a mixer of these blocks."""
    return CVMamba(**{**TINY, **(options or {})}, mixer=dict(type='GLSMambaMixer', **blocks))


def maps(dtype=torch.float64):
    return torch.randn(1, VIEWS, DIMS, FRAMES, ANGLES, RANGES, dtype=dtype, requires_grad=True)


def influence(mixer, at):
    """How much each cell (view, frame, angle, range) changes the output token of the cell (frame, view, ...) ``at``."""
    x = maps()
    token = mixer(x)[0].view(FRAMES, VIEWS, ANGLES, RANGES, DIMS)[at]
    # not its sum: it would be that of a norm, which nothing changes
    (gradient,) = torch.autograd.grad((token * torch.linspace(1, 2, DIMS, dtype=token.dtype)).sum(), x)
    return gradient[0].abs().sum(1)


# --- In place of CVMamba


def test_stems_positions_and_output_are_cvmambas():
    sequence = dict(type='SequenceMixer', num_layers=0)
    reference, model = CVMamba(**TINY, mixer=sequence), encoder(num_gsm=0, num_lrm=0)
    with torch.no_grad():
        reference.frame_position.normal_()
        reference.norm.weight.normal_()
    model.load_state_dict(reference.state_dict())  # strict: the same names
    inputs = windows()
    (theirs,), (ours,) = reference(inputs), model(inputs)
    assert theirs.shape == ours.shape == (2, FRAMES * VIEWS * ANGLES * RANGES, DIMS)
    # the same cells; only milliMamba's go in a zigzag
    raster = CVMamba(**TINY, mixer=dict(sequence, scan_order='raster')).layers
    torch.testing.assert_close(raster.deserialise(ours), reference.layers.deserialise(theirs), rtol=0, atol=0)


def test_blocks_read_the_maps_frame_after_frame_and_their_tokens_stay_in_place():
    mixer = encoder(**{**ONE_EACH, 'num_gsm': 2}).layers.double()
    x = maps()
    stacked = torch.empty(1, FRAMES * VIEWS, ANGLES, RANGES, DIMS, dtype=x.dtype)
    for frame in range(FRAMES):
        for view in range(VIEWS):
            stacked[:, frame * VIEWS + view] = x.detach()[:, view, :, frame].permute(0, 2, 3, 1)
    expected = mixer.lrm[0](mixer.gsm[1](mixer.gsm[0](stacked)))
    torch.testing.assert_close(mixer(x), expected.flatten(1, 3))


def test_gsm_scans_bring_every_cell_of_every_view_and_frame_to_every_token():
    mixer = encoder(**{**ONE_EACH, 'num_lrm': 0}, gsm_cfg=dict(merge='sum')).layers.double()
    mixer.gsm[0].main[0] = nn.Identity()  # channel attention alone would do, through its mean
    for at in ((0, 0, 0, 0), (1, 1, 2, 3), (2, 1, 3, 5)):
        assert (influence(mixer, at) > 0).all()


def test_lrm_windows_hold_all_views_and_frames_and_nothing_else():
    mixer = encoder(**{**ONE_EACH, 'num_gsm': 0}).layers.double()
    reached = influence(mixer, (1, 0, 2, 4)) > 0  # the lower right one of the windows of 2 x 3
    expected = torch.zeros(VIEWS, FRAMES, ANGLES, RANGES, dtype=torch.bool)
    expected[:, :, 2:, 3:] = True
    expected[0, 1, 1, 3:] = True  # the token's own map: the gate's convolution of 3 x 3
    assert torch.equal(reached, expected)


def test_both_blocks_from_the_radars_to_the_output():
    model = encoder(**ONE_EACH)
    inputs = windows(1).requires_grad_()
    (tokens,) = model(inputs)
    (tokens[0, 7] * torch.linspace(1, 2, DIMS)).sum().backward()
    assert (inputs.grad[0].abs().sum((2, 3, 4, 5)) > 0).all()  # frames, views
    assert all(p.grad is not None for p in model.parameters())


def test_options_reach_the_blocks():
    mixer = encoder(
        num_gsm=1, num_lrm=3, attention_dims=5, ffn_ratio=1, window=(1, 6), s6_cfg=dict(d_state=7),
        gsm_cfg=dict(directions='unified', reset_state=True),
    ).layers  # fmt: skip
    assert isinstance(mixer, GLSMambaMixer)
    gsm, lrm = mixer.gsm[0], mixer.lrm[2]
    assert gsm.main[0].mlp[0].weight.shape == (5, FRAMES * VIEWS * DIMS)
    assert gsm.main[1].directions == 'unified' and gsm.main[1].reset_state
    assert lrm.main.window == (1, 6)
    assert gsm.main[1].s6.A_log.shape == lrm.main.s6.A_log.shape == (DIMS, 7)
    assert gsm.ffn[1].out_features == lrm.ffn[1].out_features == DIMS


@pytest.mark.parametrize(
    'arguments, message',
    [
        (dict(num_gsm=-1), 'num_gsm=-1'),
        (dict(num_lrm=-2), 'num_lrm=-2'),
        (dict(window=(0, 4)), 'window must be'),
        (dict(attention_dims=0), 'hidden_dims=0'),
        (dict(s6_cfg=dict(weights='tied')), "found 'tied'"),
        (dict(gsm_cfg=dict(directions='up')), "found 'up'"),
    ],
)
def test_impossible_blocks(arguments, message):
    with pytest.raises(ConfigError, match=message):
        encoder(**{**ONE_EACH, **arguments})


def test_tokens_of_a_width_that_the_blocks_cannot_take():
    with pytest.raises(ConfigError, match='12 channels cannot be divided into groups=8'):
        encoder(dict(stem=dict(channels=(2, 2, 4, 12))), **ONE_EACH)


# --- Configurations


@pytest.mark.parametrize('name, base', CONFIGS.items())
def test_configurations_differ_from_millimambas_in_the_blocks_alone(name, base):
    config = load_config(str(PROJECT / f'configs/{name}.py'))
    other = load_config(str(PROJECT.parents[1] / f'configs/{base}.py'))
    with torch.device('meta'):
        ours, theirs = MODELS.build(config.model), MODELS.build(other.model)
    shapes, expected = (
        {name: p.shape for name, p in model.named_parameters() if not name.startswith('backbone.layers')}
        for model in (ours, theirs)
    )
    assert shapes == expected
    count = [sum(p.numel() for p in model.parameters()) for model in (ours, theirs)]
    assert count[0] == pytest.approx(count[1], rel=0.025)
    for key in ('num_frames', 'num_views', 'input_size', 'stems'):
        assert str(getattr(ours.backbone, key)) == str(getattr(theirs.backbone, key))
    config.model.backbone = other.model.backbone
    for key in set(config) - {'custom_imports'}:  # data, losses, training
        assert config[key] == other[key], key
    assert set(config) == {*other, 'custom_imports'}


@pytest.fixture(scope='module')
def simulated_root(tmp_path_factory):
    """Three sequences of two frames, of a small radar."""
    radar = dict(preset='iwr1843_hupr', num_loops=8, num_samples=128)
    plan = SimulationPlan(train=1, val=1, test=1, num_frames=2, radar=radar)
    return write_hupr_dataset(tmp_path_factory.mktemp('simulated') / 'set', plan), radar


def test_the_tiny_configuration_trains(simulated_root, tmp_path):
    root, radar = simulated_root
    config = load_config(str(PROJECT / 'configs/millimamba_glsmamba_tiny_simhupr.py'))
    for split in ('train', 'val', 'test'):
        loader = config[f'{split}_dataloader']
        loader.update(num_workers=0, persistent_workers=False, batch_size=1)
        loader.dataset.update(data_root=str(root), radar=radar, cache_dir=None)
    config.train_cfg.max_epochs = config.param_scheduler[0].total_steps = 1
    config.work_dir = str(tmp_path)
    runner = Runner.from_cfg(config)
    runner.model.init_weights()
    before = {name: p.detach().clone() for name, p in runner.model.named_parameters()}
    runner.train()
    assert runner.iter == 2 and (tmp_path / 'epoch_1.pth').is_file()
    # the velocity loss has a gradient in every query; after two steps, so has all that is behind them
    same = [name for name, p in runner.model.named_parameters() if torch.equal(p, before[name])]
    assert same == []
    values = {key[4:]: value.current() for key, value in runner.message_hub.log_scalars.items() if key[:4] == 'val/'}
    assert values and all(0 <= value <= 100 for key, value in values.items() if 'AP' in key)
