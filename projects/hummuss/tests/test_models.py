import copy

import numpy as np
import pytest
import torch
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from mmengine.structures import BaseDataElement, InstanceData

from hummuss.models import SIZES, DiagonalSSM, HumMUSS, HumMUSSLifter, SupConLoss
from hummuss.models.estimators import HumMUSSActionRecognizer, nearest_exemplar
from hummuss.models.estimators.windows import mean_over_windows, overlapping_windows
from hummuss.models.heads import ActionHead
from hummuss.models.layers import GDSSM, SpatioTemporalBlock
from mmradar.errors import ConfigError, DataError
from mmradar.ops.diagonal_ssm import diagonal_ssm
from mmradar.registry import MODELS

TINY = dict(num_joints=5, in_channels=3, embed_dims=16, depth=2, state_dims=8)


@pytest.fixture(autouse=True)
def _scope_and_seed():
    init_default_scope('mmradar')  # as the tools do; mmpose's head looks losses up in it
    torch.manual_seed(0)


def trained(model):
    """Unequal fusion weights, so that both streams and their order matter."""
    for block in model.modules():
        if isinstance(block, SpatioTemporalBlock):
            torch.nn.init.normal_(block.fusion.weight)
    return model.eval()


def parameters(model):
    return sum(p.numel() for p in model.parameters())


def lifting_sample(frames=6, joints=5, **metainfo):
    sample = BaseDataElement(metainfo=metainfo)
    sample.gt_instance_labels = InstanceData(
        keypoints_3d=torch.randn(frames, joints, 3), keypoint_weights=torch.ones(frames, joints)
    )
    return sample


# --- SSM layer


@pytest.mark.parametrize('bidirectional', [False, True])
@pytest.mark.parametrize('method', ['auto', 'fft', 'chunked'])
@pytest.mark.parametrize('scale', [1.0, 0.5, 'sequences', 'frames'])
def test_ssm_layer_is_the_operator_in_both_directions(bidirectional, method, scale):
    ssm = DiagonalSSM(6, 8, bidirectional, method=method)
    u = torch.randn(2, 140, 3, 6)
    scale = {'sequences': torch.tensor([0.5, 2.0]), 'frames': torch.rand(2, 140) + 0.5}.get(scale, scale)
    split = 3 if bidirectional else 6
    expected = []
    for channels, reverse in ((slice(0, split), False), (slice(split, 6), True)):
        if u[..., channels].numel():
            arguments = (x[channels] for x in (ssm.delta, ssm.A, ssm.C, ssm.D))
            expected.append(
                diagonal_ssm(u[..., channels], *arguments, delta_scale=scale, reverse=reverse, method='reference')
            )
    expected = torch.cat(expected, -1)
    for mode in (torch.enable_grad, torch.no_grad):
        with mode():
            torch.testing.assert_close(ssm(u, scale), expected, rtol=1e-5, atol=1e-5)


def test_ssm_initialisation_is_s4d_lin():
    ssm = DiagonalSSM(3, 8, delta_range=(0.01, 0.02))
    expected = torch.tensor([-0.5, -0.5 + torch.pi * 1j, -0.5 + 2j * torch.pi, -0.5 + 3j * torch.pi])
    torch.testing.assert_close(ssm.A.to(torch.complex64), expected.to(torch.complex64).expand(3, 4))
    assert ((ssm.delta > 0.00999) & (ssm.delta < 0.02001)).all()


def test_a_bound_of_the_memory_adds_its_decay_to_every_state():
    free, bounded = DiagonalSSM(4, 8), DiagonalSSM(4, 8, memory=10.0)
    assert free.time_constants.max() > 20  # 2 / delta frames, with delta below 0.1
    assert list(bounded.state_dict()) == list(free.state_dict())
    bounded.load_state_dict(free.state_dict())
    torch.testing.assert_close(1 / bounded.time_constants, 1 / free.time_constants + 0.1)
    torch.testing.assert_close(bounded.A.imag, free.A.imag)
    with torch.no_grad():  # training cannot exceed the bound
        bounded.log_decay.fill_(-20.0)
        bounded.log_delta.fill_(-7.0)
    assert bounded.time_constants.max() <= 10.0
    # an impulse, 20 time constants later; without a bound, the same weights would still have nearly all of it
    u = torch.zeros(1, 201, 4)
    u[:, 0] = 1.0
    for scale in (1.0, torch.ones(1, 201)):
        assert bounded(u, scale)[:, -1].abs().max() < 1e-6 * bounded(u, scale)[:, 1].abs().max()
    bounded.leak = 0.0
    assert bounded(u)[:, -1].abs().max() > 0.01 * bounded(u)[:, 1].abs().max()


@pytest.mark.parametrize('causal', [False, True])
def test_the_backbones_bound_is_that_of_the_temporal_layers(causal):
    options = dict(TINY, causal=causal, temporal_delta=(1e-3, 1e-3))
    model = HumMUSS(**options, temporal_memory=4.0)
    for block in model.blocks:
        assert all(layer.ssm.time_constants.max() <= 4.0 for layer in block.temporal)
        assert all(layer.ssm.time_constants.max() > 4.0 for layer in block.spatial)
    model.load_state_dict(HumMUSS(**options).state_dict())
    if causal:
        inputs, state = torch.randn(1, 12, 5, 3), model.initial_state()
        with torch.no_grad():
            steps = torch.stack([model.step(inputs[:, frame], state) for frame in range(12)], dim=1)
            torch.testing.assert_close(steps, model(inputs), rtol=1e-4, atol=1e-4)


def test_sequences_longer_than_the_training_are_not_new_to_a_model_with_a_bound():
    """Far from the ends, features of a steady input do not depend on the length; without the bound they do."""
    inputs = torch.randn(1, 1, 5, 3).expand(1, 400, 5, 3)
    options = dict(TINY, depth=1, temporal_delta=(1e-3, 1e-2))
    changes = []
    for memory in (None, 4.0):
        model = trained(HumMUSS(**options, temporal_memory=memory))
        with torch.no_grad():
            for block in model.blocks:
                for layer in block.temporal:
                    torch.nn.init.normal_(layer.gate_proj.weight)  # by default the states hardly matter
            short, long = model(inputs[:, :81])[:, 40], model(inputs)[:, 200]
        changes.append(float((long - short).norm() / short.norm()))
    assert changes[1] < 1e-3 < 1e-2 < changes[0]


def test_the_weight_cache_of_inference_follows_the_weights():
    """Kernels are cached between calls without gradients; a stale one would be silently wrong."""
    ssm, u = DiagonalSSM(4, 8), torch.randn(1, 20, 4)
    with torch.no_grad():
        before = ssm(u)
        cached = ssm._cache['one']
        torch.testing.assert_close(ssm(u), before, rtol=0, atol=0)
        assert ssm._cache['one'] is cached
        other = copy.deepcopy(ssm)
        assert other._cache == {}
        ssm.frequency.mul_(1.5)
        changed = ssm(u)
        assert (changed - before).abs().max() > 1e-3
        ssm.load_state_dict(other.state_dict())
        torch.testing.assert_close(ssm(u), before, rtol=0, atol=0)
        assert (ssm(u, 2.0) - before).abs().max() > 1e-3
        assert ssm(u.double()).dtype == torch.float64
    trained_output = ssm(u)
    torch.testing.assert_close(trained_output, before)
    assert trained_output.requires_grad


def test_weights_swapped_behind_autograds_back_are_seen_after_eval():
    """mmengine's EMA hook copies into ``.data``, which counts as no change, before the loop calls ``eval()``."""
    ssm, u = DiagonalSSM(4, 8).eval(), torch.randn(1, 20, 4)
    with torch.no_grad():
        before = ssm(u)
        ssm.log_delta.data.copy_(ssm.log_delta.data + 1)
        after = ssm.eval()(u)
    torch.testing.assert_close(after, ssm(u).detach())
    assert (after - before).abs().max() > 1e-3


@pytest.mark.parametrize(
    'arguments',
    [
        dict(state_dims=3),
        dict(dims=5, bidirectional=True),
        dict(delta_range=(0, 1)),
        dict(method='scan'),
        dict(memory=0.0),
    ],
)
def test_impossible_ssms(arguments):
    with pytest.raises(ConfigError):
        DiagonalSSM(**{'dims': 4, **arguments})


# --- Layers and blocks


def test_bidirectional_layer_as_written():
    layer = GDSSM(8, expansion=2, reduction=2, state_dims=4)
    x = torch.randn(2, 9, 8)
    h = layer.norm(x)
    weight_v, weight_f, weight_b = layer.in_proj.weight.split([16, 4, 4])
    bias_v, bias_f, bias_b = layer.in_proj.bias.split([16, 4, 4])
    v, f, b = (
        torch.nn.functional.gelu(h @ w.T + c) for w, c in ((weight_v, bias_v), (weight_f, bias_f), (weight_b, bias_b))
    )
    ssm = layer.ssm
    first, second = ([p[half] for p in (ssm.delta, ssm.A, ssm.C, ssm.D)] for half in (slice(0, 4), slice(4, 8)))
    forward = diagonal_ssm(f, *first, method='reference')
    backward = diagonal_ssm(b.flip(1), *second, method='reference').flip(1)
    gate = torch.nn.functional.gelu(layer.gate_proj(forward * backward))
    torch.testing.assert_close(layer(x), x + layer.out_proj(gate * v), rtol=1e-5, atol=1e-5)


def test_reduction_is_the_width_of_the_ssms():
    assert GDSSM(8, reduction=2).ssm.dims == 8 and GDSSM(8, reduction=1).ssm.dims == 16
    assert GDSSM(8, reduction=2, causal=True).ssm.dims == 4
    with pytest.raises(ConfigError, match='reduced by 3'):
        GDSSM(8, reduction=3)


def test_block_runs_both_orders_and_fuses_them():
    block = trained(SpatioTemporalBlock(8, dict(state_dims=4), dict(state_dims=4, reduction=2)))
    x = torch.randn(2, 6, 3, 8)

    def spatial(layer, x):
        return torch.stack([layer(frame) for frame in x.unbind(1)], dim=1)

    def temporal(layer, x):
        return torch.stack([layer(joint) for joint in x.unbind(2)], dim=2)

    first = temporal(block.temporal[0], spatial(block.spatial[0], x))
    second = spatial(block.spatial[1], temporal(block.temporal[1], x))
    weight = block.fusion(torch.cat([first, second], -1)).softmax(-1)
    expected = weight[..., :1] * first + weight[..., 1:] * second
    torch.testing.assert_close(block(x), expected, rtol=1e-5, atol=1e-5)


# --- Backbone


def test_sizes_have_the_parameters_that_are_documented():
    """In millions; MotionBERT's DSTFormer has 15.9 (256 wide) and 42.2 (512 wide) with mmpose."""
    counts = {name: parameters(HumMUSS(**size)) / 1e6 for name, size in SIZES.items()}
    assert counts == {
        'tiny': pytest.approx(0.376, abs=0.001),
        'small': pytest.approx(16.02, abs=0.01),
        'full': pytest.approx(37.81, abs=0.01),
        'action': pytest.approx(13.35, abs=0.01),
    }
    assert parameters(HumMUSS(causal=True, **SIZES['full'])) / 1e6 == pytest.approx(36.33, abs=0.01)


def test_action_model_has_16_million_parameters():
    """The paper's figure, for backbone and head together."""
    model = HumMUSSActionRecognizer(backbone=SIZES['action'], head=dict(type='ActionHead', num_classes=60))
    assert parameters(model) / 1e6 == pytest.approx(15.61, abs=0.01)


@pytest.mark.parametrize('causal', [False, True])
def test_what_a_frame_depends_on(causal):
    """Causal models: itself and what came before. All: every joint of a frame that counts."""
    model = trained(HumMUSS(causal=causal, **TINY))
    inputs = torch.randn(1, 9, 5, 3, requires_grad=True)
    (model(inputs)[0, 4, 2] @ torch.randn(16)).backward()
    depends = (inputs.grad[0].abs() > 0).any(-1)
    assert depends[:5].all()
    assert depends[5:].any() != causal
    if not causal:
        assert depends.all()


@pytest.mark.parametrize('causal', [False, True])
def test_methods_agree_over_several_chunks(causal):
    model = trained(HumMUSS(causal=causal, method='fft', **TINY))
    other = trained(HumMUSS(causal=causal, method='chunked', **TINY))
    other.load_state_dict(model.state_dict())
    inputs = torch.randn(2, 200, 5, 3)
    with torch.no_grad():
        torch.testing.assert_close(model(inputs), other(inputs), rtol=1e-4, atol=1e-5)
        frames = torch.ones(2, 200)  # scans of frames that are all a training period apart
        torch.testing.assert_close(model(inputs, frames), other(inputs), rtol=1e-4, atol=1e-5)


def test_scale_of_joints_never_changes():
    """Spatial layers know no time: with one frame only the first temporal step feels the rate."""
    block = trained(SpatioTemporalBlock(8, dict(state_dims=4), dict(state_dims=4, causal=True)))
    seen = []
    for layer in block.spatial:
        layer.register_forward_hook(lambda layer, inputs, output: seen.append(len(inputs)))
    block(torch.randn(1, 4, 3, 8), torch.rand(1, 4) + 0.5)
    assert seen == [1, 1]


def test_rescaling_follows_half_the_rate():
    """A smooth motion at half the rate: nearer to the full rate with the rescale than without."""
    model = trained(HumMUSS(causal=True, **TINY))
    times = torch.arange(0, 200) / 50
    phases = torch.rand(5, 3) * 6
    motion = torch.sin(2 * torch.pi * 0.7 * times[:, None, None] + phases)[None]
    with torch.no_grad():
        full = model(motion)[:, 50::2]
        rescaled, plain = model(motion[:, ::2], 2.0)[:, 25:], model(motion[:, ::2])[:, 25:]
    assert (rescaled - full).norm() < 0.3 * (plain - full).norm()


def test_backbone_refuses():
    model = HumMUSS(**TINY)
    for shape in ((1, 4, 6, 3), (1, 4, 5, 2), (4, 5, 3), (1, 0, 5, 3)):
        with pytest.raises(ValueError, match='5 joints and 3 channels'):
            model(torch.zeros(shape))
    with pytest.raises(ValueError, match='delta_scale must be a number'):
        model(torch.zeros(2, 4, 5, 3), torch.ones(4))
    with pytest.raises(ConfigError, match='depth=0'):
        HumMUSS(**{**TINY, 'depth': 0})
    with pytest.raises(ConfigError, match='causal=True'):
        model.initial_state()
    with pytest.raises(ConfigError, match='causal=True'):
        model.step(torch.zeros(1, 5, 3), [block.initial_state(1, 5) for block in model.blocks])


def test_ssm_parameters_have_a_learning_rate_of_their_own():
    """The configuration that the backbone's docstring recommends, through mmengine."""
    model = HumMUSS(**TINY)
    keys = {'.ssm.': dict(lr_mult=0.5)}
    optimizer = dict(type='AdamW', lr=1e-3, weight_decay=0.01)
    wrapper = build_optim_wrapper(model, dict(optimizer=optimizer, paramwise_cfg=dict(custom_keys=keys)))
    names = {id(p): name for name, p in model.named_parameters()}
    for group in wrapper.optimizer.param_groups:
        for parameter in group['params']:
            special = '.ssm.' in names[id(parameter)]
            assert (group['lr'], group['weight_decay']) == ((5e-4, 0.0) if special else (1e-3, 0.01))
    assert sum('.ssm.' in name for name in names.values()) == 5 * 4 * 2


@pytest.mark.parametrize('causal', [False, True])
def test_every_parameter_is_trained(causal):
    model = trained(HumMUSS(causal=causal, **TINY))
    (model(torch.randn(2, 7, 5, 3)) @ torch.randn(16)).square().sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and torch.isfinite(parameter.grad).all(), name
        assert parameter.grad.abs().sum() > 0, name


# --- Lifting


def test_lifter_from_configuration_trains_on_a_motion():
    model = MODELS.build(dict(type='HumMUSSLifter', backbone=dict(type='HumMUSS', **TINY)))
    sample = lifting_sample()
    inputs = torch.cat([sample.gt_instance_labels.keypoints_3d[..., :2], torch.ones(6, 5, 1)], -1)[None]
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    history = []
    for _ in range(60):
        losses = model(inputs, [sample], mode='loss')
        assert set(losses) == {'loss_mpjpe', 'loss_nmpjpe', 'loss_velocity'}
        total, _ = model.parse_losses(losses)
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        history.append(losses['loss_mpjpe'].item())
    assert history[-1] < 0.3 * history[0]


def test_lifter_predicts_into_the_samples():
    model = trained(HumMUSSLifter(backbone=TINY))
    inputs, samples = torch.randn(2, 6, 5, 3), [lifting_sample(), lifting_sample()]
    with torch.no_grad():
        found = model(inputs, samples, mode='predict')
        expected = model(inputs)
    for index, sample in enumerate(found):
        torch.testing.assert_close(sample.pred_instances.keypoints_3d, expected[index])
    data = dict(inputs=list(inputs), data_samples=samples)
    torch.testing.assert_close(model.test_step(data)[1].pred_instances.keypoints_3d, expected[1])


@pytest.mark.parametrize(('frames', 'expected'), [(3, [(0, 3)]), (6, [(0, 6)]), (11, [(0, 6), (4, 10), (5, 11)])])
def test_windows_cover_a_clip(frames, expected):
    assert [(window.start, window.stop) for window in overlapping_windows(frames, 6, 2)] == expected


def test_windows_weigh_less_towards_their_ends():
    windows = [slice(0, 4), slice(2, 6)]
    found = mean_over_windows([torch.full((4, 1), 1.0), torch.full((4, 1), 4.0)], windows)
    torch.testing.assert_close(found[:, 0], torch.tensor([1.0, 1.0, 2.0, 3.0, 4.0, 4.0]))


@pytest.mark.parametrize('scale', [0.5, 'frames'])
def test_a_lifter_may_predict_long_clips_in_windows(scale):
    lifter = HumMUSSLifter(TINY, test_cfg=dict(window=6)).eval()
    inputs = [torch.randn(6, 5, 3), torch.randn(9, 5, 3)]
    scales = [0.5 if scale == 0.5 else np.linspace(0.5, 1.5, len(clip), dtype=np.float32) for clip in inputs]
    samples = [BaseDataElement(metainfo=dict(delta_scale=scale)) for scale in scales]
    with torch.no_grad():
        short, long = [sample.pred_instances.keypoints_3d for sample in lifter(inputs, samples, mode='predict')]
        torch.testing.assert_close(short, lifter(inputs[:1], samples[:1])[0])
        first = BaseDataElement(metainfo=dict(delta_scale=scales[1] if scale == 0.5 else scales[1][:6]))
        torch.testing.assert_close(long[:3], lifter([inputs[1][:6]], [first])[0][:3], rtol=1e-4, atol=1e-5)
        assert (long - lifter(inputs, samples)[1]).abs().max() > 1e-6  # one pass is another prediction


@pytest.mark.parametrize(
    ('test_cfg', 'message'),
    [(dict(window=0), 'at least 1 frame'), (dict(window=4, overlap=4), 'overlap=4'), (dict(overlap=2), 'no window')],
)
def test_windows_that_cannot_be(test_cfg, message):
    with pytest.raises(ConfigError, match=message):
        HumMUSSLifter(TINY, test_cfg=test_cfg)


def test_clips_of_different_lengths_and_rates_in_one_batch():
    """Each comes out as it would alone, in its place, and padding counts for nothing."""
    model = trained(HumMUSSLifter(backbone=TINY))
    lengths = (6, 9, 6, 1)
    scales = (None, 2.0, np.linspace(0.5, 2, 6), np.full(1, 0.5))
    inputs = [torch.randn(frames, 5, 3) for frames in lengths]
    samples = [
        lifting_sample(frames, **({} if scale is None else dict(delta_scale=scale)))
        for frames, scale in zip(lengths, scales)
    ]
    with torch.no_grad():
        together = model(inputs, samples)
        alone = []
        for clip, scale in zip(inputs, scales):
            tensor = None if scale is None else torch.as_tensor(np.atleast_1d(scale), dtype=torch.float32)
            tensor = tensor[None].expand(1, len(clip)) if tensor is not None else None
            alone.append(model.head(model.backbone(clip[None], tensor))[0])
        for one, other in zip(together, alone):
            torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)
        found = model(inputs, samples, mode='loss')['loss_mpjpe']
    errors = [(p - s.gt_instance_labels.keypoints_3d).norm(dim=-1).flatten() for p, s in zip(alone, samples)]
    torch.testing.assert_close(found, torch.cat(errors).mean())


def test_lifter_takes_mmposes_backbone_and_losses():
    losses = dict(position=dict(type='PositionLoss'), loss_all=dict(type='LiftingLoss'))
    backbone = dict(type='DSTFormer', in_channels=3, feat_size=16, depth=1, num_heads=2, num_keypoints=5, seq_len=6)
    model = MODELS.build(dict(type='HumMUSSLifter', backbone=backbone, losses=losses))
    found = model(torch.randn(2, 6, 5, 3), [lifting_sample(delta_scale=2.0), lifting_sample()], mode='loss')
    assert set(found) == {'loss_position', 'loss_all'}


def test_mmposes_head_takes_the_features():
    head = MODELS.build(
        dict(type='MotionRegressionHead', in_channels=16, embedding_size=8, loss=dict(type='LiftingLoss'))
    )
    samples = []
    for _ in range(2):
        sample = BaseDataElement()
        sample.gt_instance_labels = InstanceData(
            lifting_target_label=torch.randn(6, 5, 3), lifting_target_weight=torch.ones(6, 5)
        )
        samples.append(sample)
    features = HumMUSS(**TINY)(torch.randn(2, 6, 5, 3))
    assert head(features).shape == (2, 6, 5, 3)
    assert head.loss(features, samples)['loss_pose3d'].item() > 0


@pytest.mark.parametrize(
    'change, message',
    [
        (dict(nan=True), 'clip 1 of the batch has joints that are NaN'),
        (dict(delta_scale=np.ones(5)), r'delta_scale must be a number or \(6,\)'),
        (dict(delta_scale=0.0), 'delta_scale must be positive'),
        (dict(labels=False), 'keypoints_3d to train on'),
        (dict(frames=7), r'keypoints_3d is \(7, 5, 3\)'),
    ],
)
def test_lifter_refuses_bad_data(change, message):
    inputs, sample = torch.randn(2, 6, 5, 3), lifting_sample(change.get('frames', 6))
    if 'delta_scale' in change:
        sample.set_metainfo(dict(delta_scale=change['delta_scale']))
    if change.get('nan'):
        inputs[1, 3, 2, 0] = float('nan')
    if not change.get('labels', True):
        sample = BaseDataElement()
    with pytest.raises(DataError, match=message):
        HumMUSSLifter(backbone=TINY)(inputs, [lifting_sample(), sample], mode='loss')


def test_lifter_refuses_misuse():
    model, inputs = HumMUSSLifter(backbone=TINY), torch.zeros(1, 6, 5, 3)
    with pytest.raises(ValueError, match='mode must be'):
        model(inputs, mode='train')
    with pytest.raises(ValueError, match='needs data_samples'):
        model(inputs, mode='loss')
    with pytest.raises(ValueError, match='1 clips, but 2 data samples'):
        model(inputs, [lifting_sample()] * 2, mode='loss')
    with pytest.raises(ValueError, match='no clips'):
        model([])


# --- Actions


def labelled(label):
    sample = BaseDataElement()
    sample.set_field(label, 'gt_label')
    return sample


def test_actions_are_learnt_and_predicted():
    head = dict(type='ActionHead', num_classes=2, hidden_channels=8, dropout=0.0)
    model = MODELS.build(dict(type='HumMUSSActionRecognizer', backbone=TINY, head=head))
    inputs = torch.randn(4, 2, 6, 5, 3)  # two persons
    samples = [labelled(label) for label in (0, 1, 0, 1)]
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(30):
        losses = model(inputs, samples, mode='loss')
        optimizer.zero_grad()
        losses['loss_action'].backward()
        optimizer.step()
    assert losses['accuracy'] == 1
    model.eval()
    found = model(inputs, [labelled(0) for _ in range(4)], mode='predict')
    assert [sample.pred_label for sample in found] == [0, 1, 0, 1]
    torch.testing.assert_close(found[0].pred_score.sum(), torch.tensor(1.0))


def test_persons_and_lengths_may_differ_between_clips():
    model = HumMUSSActionRecognizer(backbone=TINY, head=dict(type='ActionHead', num_classes=3)).eval()
    inputs = [torch.randn(2, 6, 5, 3), torch.randn(1, 4, 5, 3), torch.randn(6, 5, 3)]
    with torch.no_grad():
        together = model(inputs)
        for index, clip in enumerate(inputs):
            torch.testing.assert_close(together[index], model([clip])[0], rtol=1e-5, atol=1e-5)
        # the order of persons does not matter
        torch.testing.assert_close(model([inputs[0].flip(0)])[0], together[0], rtol=1e-5, atol=1e-5)


def test_one_shot():
    model = HumMUSSActionRecognizer(
        backbone=TINY,
        head=dict(type='EmbeddingHead', out_channels=4, hidden_channels=8, dropout=0.0),
        loss=dict(type='SupConLoss'),
    )
    inputs = torch.randn(4, 6, 5, 3)
    samples = [labelled(label) for label in (0, 1, 0, 1)]
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    history = []
    for _ in range(30):
        loss = model(inputs, samples, mode='loss')['loss_action']
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        history.append(loss.item())
    assert history[-1] < 0.5 * history[0]
    model.eval()
    found = torch.stack([sample.pred_embedding for sample in model(inputs, samples, mode='predict')])
    torch.testing.assert_close(found.norm(dim=-1), torch.ones(4))
    assert nearest_exemplar(found[2:], found[:2], torch.tensor([7, 9])).tolist() == [7, 9]
    assert isinstance(model.loss_module, SupConLoss)


def test_actions_refuse():
    model = HumMUSSActionRecognizer(backbone=TINY, head=dict(type='ActionHead', num_classes=2))
    inputs = torch.zeros(1, 6, 5, 3)
    with pytest.raises(DataError, match='label 2 is not one of the 2'):
        model(inputs, [labelled(2)], mode='loss')
    with pytest.raises(DataError, match='no gt_label'):
        model(inputs, [BaseDataElement()], mode='loss')
    with pytest.raises(ValueError, match='needs data_samples'):
        model(inputs, mode='predict')
    with pytest.raises(ValueError, match='action heads take'):
        ActionHead(16, 5, 2)(torch.zeros(6, 5, 16))
    for wrong in (
        dict(head=dict(type='EmbeddingHead')),
        dict(head=dict(type='ActionHead'), loss=dict(type='SupConLoss')),
    ):
        with pytest.raises(ConfigError, match='an EmbeddingHead and a loss such as'):
            HumMUSSActionRecognizer(backbone=TINY, **wrong)


# --- Predictions


ESTIMATORS = {
    'lifter': dict(type='HumMUSSLifter'),
    'lifter, flipped': dict(type='HumMUSSLifter', test_cfg=dict(flip_test=True)),
    'actions': dict(type='HumMUSSActionRecognizer', head=dict(type='ActionHead', num_classes=3)),
    'embeddings': dict(
        type='HumMUSSActionRecognizer', head=dict(type='EmbeddingHead', out_channels=4), loss=dict(type='SupConLoss')
    ),
}


@pytest.mark.parametrize('name', ESTIMATORS)
def test_steps_predict_the_same_outside_no_grad(name):
    model = MODELS.build(dict(backbone=TINY, **ESTIMATORS[name])).eval()
    inputs = [torch.randn(6, 5, 3), torch.randn(4, 5, 3)]

    def predicted():
        samples = [BaseDataElement(metainfo=dict(flip_indices=[0, 2, 1, 4, 3])) for _ in inputs]
        found = model.test_step(dict(inputs=inputs, data_samples=samples))
        values = [sample.get('pred_instances', sample) for sample in found]
        return [{key: np.asarray(x) for key, x in value.items()} for value in values]

    found = predicted()
    with torch.no_grad():
        expected = predicted()
    for values, others in zip(found, expected, strict=True):
        assert values.keys() == others.keys() and values
        for key, value in values.items():
            np.testing.assert_allclose(value, others[key], rtol=1e-3, atol=1e-5)
