import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData, PixelData
from mmpose.models.heads import HeatmapHead
from mmpose.structures import PoseDataSample

from glsmamba.models import ClipTransformer, Deconvolutions, GLSMamba
from glsmamba.models.necks.clip_neck import ClipNeck
from mmradar.errors import ConfigError, DataError
from mmradar.registry import MODELS

JOINTS, FRAMES, SIZE = 4, 3, (32, 64)  # width and height in px
FLIP_INDICES = [1, 0, 3, 2]
TINY = dict(in_channels=8, embed_dims=8, num_frames=FRAMES, num_gsm=1, num_lrm=1, attention_dims=4, d_state=2)


@pytest.fixture(autouse=True)
def _scope_and_seed():
    init_default_scope('mmradar')  # as the tools do; mmpose's head looks losses up in it
    torch.manual_seed(0)


def config(**changes):
    codec = dict(type='UDPHeatmap', input_size=SIZE, heatmap_size=(8, 16), sigma=2)
    return {
        **dict(
            type='VideoTopdownPoseEstimator',
            data_preprocessor=dict(type='VideoPoseDataPreprocessor', num_frames=FRAMES),
            backbone=dict(type='PlainViT', arch=dict(embed_dims=12, num_layers=1, num_heads=2), img_size=SIZE[::-1]),
            upsampling=dict(type='Deconvolutions', in_channels=12, out_channels=(8, 8)),
            neck=dict(type='GLSMamba', **TINY, compensation_cfg=dict(groups=2)),
            head=dict(
                type='HeatmapHead',
                in_channels=8,
                out_channels=JOINTS,
                deconv_out_channels=None,
                loss=dict(type='KeypointMSELoss', use_target_weight=True),
                decoder=codec,
            ),
            test_cfg=dict(flip_test=False),
        ),
        **changes,
    }


def sample(index=0):
    result = PoseDataSample(
        metainfo=dict(
            img_id=f'clip {index}',
            input_size=SIZE,
            input_center=np.array([100.0, 200.0]),
            input_scale=np.array([64.0, 128.0]),
            flip_indices=FLIP_INDICES,
        )
    )
    result.gt_instances = InstanceData(bboxes=np.array([[68.0, 136, 132, 264]]), bbox_scores=np.ones(1))
    result.gt_instance_labels = InstanceData(keypoint_weights=torch.ones(1, JOINTS))
    result.gt_fields = PixelData(heatmaps=torch.rand(JOINTS, 16, 8))
    return result


def batch(size=2, frames=FRAMES):
    clips = [torch.randint(0, 256, (frames, 3, *SIZE[::-1]), dtype=torch.uint8) for _ in range(size)]
    return dict(inputs=clips, data_samples=[sample(i) for i in range(size)])


def prepared(model, size=2):
    data = model.data_preprocessor(batch(size))
    return data['inputs'], data['data_samples']


# --- GLSMamba alone


def test_encoder_without_blocks_is_the_key_frames_projection():
    model = GLSMamba(8, 8, num_frames=4, num_gsm=0, num_lrm=0)
    features = torch.randn(2, 4, 8, 5, 3)
    expected = model.norm(model.embedding(model.project(features.permute(0, 1, 3, 4, 2)))[:, 2])
    torch.testing.assert_close(model(features), expected.permute(0, 3, 1, 2))


def test_encoder_runs_gsm_before_lrm_blocks_and_sees_all_frames():
    model = GLSMamba(**{**TINY, 'num_gsm': 2, 'num_lrm': 1}, window=(2, 3)).double()
    features = torch.randn(1, FRAMES, 8, 4, 5, dtype=torch.float64, requires_grad=True)
    x = model.embedding(model.project(features.permute(0, 1, 3, 4, 2)))
    x = model.lrm[0](model.gsm[1](model.gsm[0](x)))
    y = model(features)
    torch.testing.assert_close(y, model.norm(x[:, 1]).permute(0, 3, 1, 2))
    y[0, :, 2, 2].square().sum().backward()
    assert (features.grad.abs().sum(2) > 0).all()  # every pixel of every frame


def test_options_of_the_encoder():
    block = GLSMamba(**TINY, directions='unified', merge='sum', reset_state=True, scan_weights='separate').gsm[0]
    assert block.main[1].directions == 'unified' and block.main[1].reset_state
    assert len(block.main[1].s6.x_weight) == 2 and block.main[1].s6.A_log.shape == (8, 2)


@pytest.mark.parametrize(
    'arguments, message',
    [
        (dict(num_frames=0), 'num_frames=0'),
        (dict(num_lrm=-1), 'num_lrm=-1'),
        (dict(d_state=0), 'd_state=0'),
        (dict(embed_dims=6), 'a multiple of 4 channels'),
        (dict(directions='up'), "found 'up'"),
        (dict(merge='mean'), "found 'mean'"),
        (dict(scan_weights='tied'), "found 'tied'"),
        (dict(window=(0, 6)), 'window must be'),
    ],
)
def test_impossible_encoders(arguments, message):
    with pytest.raises(ConfigError, match=message):
        GLSMamba(**{**TINY, **arguments})


@pytest.mark.parametrize('shape', [(1, 2, 8, 4, 4), (1, 3, 9, 4, 4), (3, 8, 4, 4), (1, 3, 8, 0, 4)])
def test_features_that_do_not_fit(shape):
    with pytest.raises(ValueError, match='3 frames and 8 channels'):
        GLSMamba(**TINY)(torch.zeros(shape))


@pytest.mark.parametrize('make', [GLSMamba, lambda **options: ClipTransformer(8, 8, FRAMES, 1, 2, **options)])
def test_output_is_upsampled_to_the_heatmaps(make):
    torch.manual_seed(1)
    arguments = TINY if make is GLSMamba else {}
    low = make(**arguments)
    high = make(**arguments, upsample=4)
    high.load_state_dict(low.state_dict())
    features = torch.randn(1, FRAMES, 8, 4, 5)
    expected = torch.nn.functional.interpolate(low(features), scale_factor=4, mode='bilinear', align_corners=False)
    torch.testing.assert_close(high(features), expected)


# --- The Transformer that it is compared with


def test_transformer_is_its_layers_over_all_tokens():
    model = ClipTransformer(8, 12, FRAMES, num_layers=2, num_heads=3, ffn_ratio=1.5).double()
    assert model.layers[0].ffn.layers[1].in_features == 18
    features = torch.randn(2, FRAMES, 8, 4, 5, dtype=torch.float64, requires_grad=True)
    x = model.embedding(model.project(features.permute(0, 1, 3, 4, 2))).flatten(1, 3)
    x = model.layers[1](model.layers[0](x)).unflatten(1, (FRAMES, 4, 5))
    y = model(features)
    torch.testing.assert_close(y, model.norm(x[:, 1]).permute(0, 3, 1, 2))
    y[0, :, 2, 2].square().sum().backward()
    seen = features.grad.abs().sum(2) > 0
    assert seen[0].all() and not seen[1].any()  # every pixel of every frame of its own clip


@pytest.mark.parametrize(
    'arguments, message',
    [
        (dict(num_layers=-1), 'num_layers=-1'),
        (dict(num_heads=5), '768 channels cannot be shared out among 5 heads'),
        (dict(num_heads=0), 'among 0 heads'),
        (dict(ffn_ratio=0), 'ffn_ratio must be positive, found 0'),
        (dict(upsample=0), 'ClipTransformer: sizes must be positive, found upsample=0'),
    ],
)
def test_impossible_transformers(arguments, message):
    with torch.device('meta'), pytest.raises(ConfigError, match=message):
        ClipTransformer(**arguments)


def test_a_neck_must_define_its_blocks():
    with pytest.raises(NotImplementedError, match='ClipNeck must define the blocks'):
        ClipNeck(8, 8, FRAMES)(torch.zeros(1, FRAMES, 8, 2, 2))


# --- Upsampling


def test_upsampling_is_vitposes_with_its_weights():
    head = HeatmapHead(6, 3, deconv_out_channels=(8, 4), deconv_kernel_sizes=(4, 4)).eval()
    up = Deconvolutions(6, (8, 4)).eval()
    weights = {name: x for name, x in head.state_dict().items() if name.startswith('deconv_layers')}
    up.load_state_dict(weights)
    x = torch.randn(2, 6, 3, 2)
    torch.testing.assert_close(up(x), head.deconv_layers(x))
    assert up(x).shape == (2, 4, 12, 8) and up.out_channels == 4
    with pytest.raises(ConfigError, match='empty'):
        Deconvolutions(6, ())


# --- Data preprocessor


def test_clips_are_normalised():
    preprocessor = MODELS.build(dict(type='VideoPoseDataPreprocessor', mean=(1, 2, 3), std=(1, 2, 4)))
    data = batch()
    clips = torch.stack(data['inputs']).float()
    expected = torch.stack([clips[:, :, 0] - 1, (clips[:, :, 1] - 2) / 2, (clips[:, :, 2] - 3) / 4], dim=2)
    torch.testing.assert_close(preprocessor(data)['inputs'], expected)
    # mmpose's collate may have stacked them
    torch.testing.assert_close(preprocessor({'inputs': clips, 'data_samples': None})['inputs'], expected)
    turned = MODELS.build(dict(type='VideoPoseDataPreprocessor', mean=(1, 2, 3), std=(1, 2, 4), bgr_to_rgb=True))
    torch.testing.assert_close(turned({**data, 'inputs': clips.flip(2)})['inputs'], expected)


@pytest.mark.parametrize(
    'clip, message',
    [
        (torch.zeros(2, 3, 64, 32), r'\(3, 3, H, W\); that of sample clip 1 is \(2, 3, 64, 32\).*number of frames'),
        (torch.zeros(3, 1, 64, 32), 'clip 1'),
        (torch.zeros(3, 64, 32), 'clip 1'),
        (torch.zeros(3, 3, 32, 32), r'clips of one batch differ: the first is \(3, 3, 64, 32\), that of sample clip 1'),
        (torch.full((3, 3, 64, 32), float('nan')), 'sample clip 1 holds NaN'),
    ],
)
def test_clips_that_do_not_fit(clip, message):
    preprocessor = MODELS.build(dict(type='VideoPoseDataPreprocessor', num_frames=FRAMES))
    data = batch()
    data['inputs'][1] = clip
    with pytest.raises(DataError, match=message):
        preprocessor(data)


@pytest.mark.parametrize('arguments', [dict(mean=(0, 0)), dict(std=(1, 1, 0)), dict(std=(1,))])
def test_impossible_preprocessors(arguments):
    with pytest.raises(ConfigError, match='three numbers each'):
        MODELS.build(dict(type='VideoPoseDataPreprocessor', **arguments))


# --- Estimator


def test_modes_agree():
    model = MODELS.build(config()).eval()
    inputs, samples = prepared(model)
    heatmaps = model(inputs, samples, mode='tensor')
    frames = model.upsampling(model.backbone(inputs.flatten(0, 1))[0]).unflatten(0, (2, FRAMES))
    torch.testing.assert_close(heatmaps, model.head.final_layer(model.neck(frames)))
    losses = model(inputs, samples, mode='loss')
    target = torch.stack([s.gt_fields.heatmaps for s in samples])
    torch.testing.assert_close(losses['loss_kpt'], (heatmaps - target).square().mean())
    predictions = model(inputs, samples, mode='predict')
    for heatmap, prediction in zip(heatmaps, predictions):
        keypoints, scores = model.head.decoder.decode(heatmap.detach().numpy())
        in_image = keypoints / SIZE * [64.0, 128.0] + [100.0, 200.0] - [32.0, 64.0]
        np.testing.assert_allclose(prediction.pred_instances.keypoints, in_image, rtol=1e-5)
        np.testing.assert_allclose(prediction.pred_instances.keypoint_scores, scores, rtol=1e-5)


def test_flip_test_flips_every_frame_and_the_heatmaps_back():
    model = MODELS.build(config(test_cfg=dict(flip_test=True, output_heatmaps=True))).eval()
    inputs, samples = prepared(model)
    predictions = model(inputs, samples, mode='predict')
    flipped = model(inputs.flip(-1), None, mode='tensor').flip(-1)[:, FLIP_INDICES]
    expected = (model(inputs, None, mode='tensor') + flipped) / 2
    for heatmap, prediction in zip(expected, predictions):
        torch.testing.assert_close(prediction.pred_fields.heatmaps, heatmap.detach())


def test_predictions_have_the_key_frames_activations():
    names = ['embedding', 'gsm', 'lrm']
    model = MODELS.build(config(test_cfg=dict(flip_test=True, activations=names))).eval()
    inputs, samples = prepared(model)
    predictions = model(inputs, samples, mode='predict')
    features = model.upsampling(model.backbone(inputs.flatten(0, 1))[0]).unflatten(0, (2, FRAMES))
    x = model.neck.embedding(model.neck.project(features.permute(0, 1, 3, 4, 2)))
    for name in names:
        x = x if name == 'embedding' else getattr(model.neck, name)(x)
        for sample, expected in zip(
            predictions, x[:, FRAMES // 2].norm(dim=-1)
        ):  # of the clip, not of its mirror image
            torch.testing.assert_close(sample.activations.get(name), expected[None].detach())
    assert predictions[0].activations.get('parts') == tuple(names)
    assert not any(module._forward_hooks for module in model.neck.modules())
    plain = MODELS.build(config()).eval()
    assert 'activations' not in plain(*prepared(plain), mode='predict')[0]


@pytest.mark.parametrize(
    'changes, message',
    [({}, "project, embedding, norm, gsm, lrm, the neck's parts; found 'gsn'"), (dict(neck=None), 'list of nothing')],
)
def test_activations_of_unknown_parts(changes, message):
    with pytest.raises(ConfigError, match=message):
        MODELS.build(config(**changes, test_cfg=dict(activations=['gsn'])))


@pytest.mark.parametrize('frozen', [(), ('backbone', 'upsampling')])
@pytest.mark.parametrize('flip_test', [False, True])
def test_steps_predict_the_same_outside_no_grad(frozen, flip_test):
    options = config(frozen=frozen, test_cfg=dict(flip_test=flip_test, output_heatmaps=True))
    model, data = MODELS.build(options).eval(), batch()
    found = model.test_step(data)
    with torch.no_grad():
        expected = model.test_step(data)
    for sample, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(sample.pred_instances.keypoints, other.pred_instances.keypoints, rtol=1e-5)
        np.testing.assert_allclose(sample.pred_fields.heatmaps.numpy(), other.pred_fields.heatmaps.numpy(), rtol=1e-4)


def test_without_neck_only_the_key_frame_counts():
    model = MODELS.build(config(neck=None)).eval()
    inputs, _ = prepared(model)
    expected = model.head.final_layer(model.upsampling(model.backbone(inputs[:, 1])[0]))
    torch.testing.assert_close(model(inputs, None, mode='tensor'), expected)


def test_frozen_parts_stay_as_they_are():
    model = MODELS.build(config()).train()
    model.init_weights()
    before = {name: x.clone() for name, x in model.state_dict().items()}
    assert not model.backbone.training and not model.upsampling.training
    assert model.neck.training and model.head.training and model.training
    learning = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.Adam(learning, lr=0.1)
    features = []
    model.neck.register_forward_pre_hook(lambda _, inputs: features.append(inputs[0]))
    for _ in range(2):  # offsets begin at zero, so that their guides learn from the second step on
        inputs, samples = prepared(model)
        optimizer.zero_grad()
        model(inputs, samples, mode='loss')['loss_kpt'].backward()
        optimizer.step()
    assert not features[0].requires_grad  # no graph through the frozen encoder
    changed = {name for name, x in model.state_dict().items() if not torch.equal(x, before[name])}
    assert not {name for name in changed if name.startswith(('backbone', 'upsampling'))}
    assert changed == {name for name, p in model.named_parameters() if p.requires_grad}
    assert {name.split('.')[0] for name in changed} == {'neck', 'head'}


@pytest.mark.parametrize('frozen', [(), ('backbone',), ('upsampling',), ('backbone', 'head')])
def test_what_is_not_frozen_learns(frozen):
    model = MODELS.build(config(frozen=frozen)).train()
    inputs, samples = prepared(model)
    model(inputs, samples, mode='loss')['loss_kpt'].backward()
    for part in ('backbone', 'upsampling', 'neck', 'head'):
        module = getattr(model, part)
        assert module.training == (part not in frozen)
        gradients = [p.grad for p in module.parameters() if p.grad is not None and p.grad.any()]
        assert bool(gradients) == (part not in frozen)


def test_parts_that_there_are_not_need_not_be_frozen():
    model = MODELS.build(config(upsampling=None, neck=None, head=dict(config()['head'], in_channels=12)))
    assert model.frozen == ('backbone',)


@pytest.mark.parametrize('frozen', [('encoder',), 'backbone'])
def test_unknown_frozen_parts(frozen):
    with pytest.raises(ConfigError, match='list of backbone, upsampling, neck, head; found'):
        MODELS.build(config(frozen=frozen))


def test_single_images_are_no_clips():
    model = MODELS.build(config())
    with pytest.raises(ValueError, match='VideoPoseDataPreprocessor'):
        model(torch.zeros(2, 3, 64, 32), None, mode='tensor')
