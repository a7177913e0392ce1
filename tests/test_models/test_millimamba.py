import numpy as np
import pytest
import torch
from mmpose.structures import PoseDataSample

from conftest import FITTED, REPOSITORY
from mmradar.apis.complexity import model_complexity
from mmradar.apis.configuration import load_config
from mmradar.apis.data_folders import datasets_of
from mmradar.errors import ConfigError
from mmradar.metainfo import HUPR_SIGMAS
from mmradar.registry import DATASETS, MODELS
from mmradar.simulation import SimulationPlan, write_hupr_dataset


def test_the_main_configuration_has_the_paper_s_size():
    complexity = model_complexity(load_config(str(REPOSITORY / 'configs/millimamba_hupr.py')))
    assert complexity.input_shape == (9, 2, 2, 64, 8, 256)
    assert complexity.parameters == pytest.approx(4.0e6, rel=0.025)
    assert complexity.total_macs == pytest.approx(34.4e9, rel=0.025)
    assert complexity.macs['selective scan'] == 4 * 2 * 3 * 18_432 * 256 * 16


def test_counted_macs_of_a_small_network_by_hand():
    """One linear layer of the whole is counted right: the sum over all is torch's own counter's business."""
    config = load_config(str(REPOSITORY / 'configs/millimamba_hupr.py'), {'model.head.num_layers': 5})
    fewer = model_complexity(config)
    main = model_complexity(load_config(str(REPOSITORY / 'configs/millimamba_hupr.py')))
    dims, tokens, queries = 128, 18_432, 126
    projections = 2 * tokens * dims**2 + (10 + 8) * queries * dims**2  # keys and values; queries, outputs, feed-forward
    spatial, temporal, cross = 2 * 9 * 14**2 * dims, 2 * 14 * 9**2 * dims, 2 * queries * tokens * dims
    assert main.total_macs - fewer.total_macs == projections + spatial + temporal + cross


CONFIGS = sorted(
    str(path.relative_to(REPOSITORY / 'configs').with_suffix(''))
    for path in (REPOSITORY / 'configs').rglob('*.py')
    if not {'_base_', 'suites'} & set(path.parts) and path.stem not in FITTED
)


@pytest.mark.parametrize('name', CONFIGS)
def test_every_network_is_counted_whole_and_has_the_windows_frames(name):
    config = load_config(str(REPOSITORY / f'configs/{name}.py'))
    model = MODELS.build(config.model)
    assert sum(p.numel() for p in model.parameters()) == model_complexity(config).parameters
    frames = config.model.backbone.num_frames
    assert frames == config.model.head.get('num_frames', frames)
    assert {dataset.window.num_frames for dataset in datasets_of(config.train_dataloader)} == {frames}


@pytest.fixture(scope='module')
def full_size_root(tmp_path_factory):
    """One sequence of three frames of the radar as it is."""
    plan = SimulationPlan(train=0, val=0, test=1, num_frames=3)
    return write_hupr_dataset(tmp_path_factory.mktemp('full_size') / 'set', plan)


@pytest.mark.parametrize('name', ['4dfft', 'density', 'hupr', 't1', 'vert'])
def test_other_inputs_go_through_their_networks(full_size_root, name):
    path = f'ablations/millimamba_{name}_hupr' if name != 'hupr' else 'millimamba_light_hupr'
    config = load_config(str(REPOSITORY / f'configs/{path}.py'))
    options = config.test_dataloader.dataset
    options.update(data_root=str(full_size_root), sequences=None)
    sample = DATASETS.build(options)[1]
    backbone = config.model.backbone
    frames, views, channels, *size = sample['inputs'].shape
    assert (frames, views) == (backbone.num_frames, backbone.num_views)
    assert channels == backbone.stem.in_channels and (size[0], size[2]) == tuple(backbone.input_size) and size[1] == 8
    assert sample['inputs'].isfinite().all() and sample['inputs'].std() > 0.1
    model = MODELS.build(config.model)
    data = model.data_preprocessor(dict(inputs=[sample['inputs']], data_samples=[sample['data_samples']]))
    with torch.no_grad():
        assert model(**data, mode='loss')['loss_oks'].isfinite()


def batch(config):
    dataset = DATASETS.build(config.train_dataloader.dataset)
    samples = [dataset[0], dataset[3]]
    return dict(inputs=[s['inputs'] for s in samples], data_samples=[s['data_samples'] for s in samples])


def test_losses_and_gradients_of_every_parameter(tiny_config):
    model = MODELS.build(tiny_config.model)
    data = model.data_preprocessor(batch(tiny_config), training=True)
    losses = model(**data, mode='loss')
    assert set(losses) == {'loss_oks', 'loss_velocity', 'loss_l1', 'mpjpe_px'}
    assert not losses['mpjpe_px'].requires_grad
    model.parse_losses(losses)[0].backward()
    without = [name for name, p in model.named_parameters() if p.grad is None or not torch.isfinite(p.grad).all()]
    assert without == []


def test_prediction_is_the_key_frame_in_px(tiny_config):
    model = MODELS.build(tiny_config.model).eval()
    data = model.data_preprocessor(batch(tiny_config))
    with torch.no_grad():
        window = model(data['inputs'], None, mode='tensor').sigmoid()
        assert window.shape == (2, 3, 14, 2)
        for keys in ((1, 1), (0, 2)):  # each sample says which it is
            for sample, key in zip(data['data_samples'], keys):
                sample.set_metainfo(dict(key_index=key))
            predictions = model(**data, mode='predict')
            for sample, poses, key in zip(predictions, window, keys):
                assert sample.pred_instances.keypoints.shape == (1, 14, 2)
                np.testing.assert_allclose(sample.pred_instances.keypoints[0], poses[key] * 256, rtol=1e-5)
                assert (sample.pred_instances.keypoint_scores == 1).all()


def test_windows_without_labels_are_predicted_and_not_trained_on(tiny_config):
    model = MODELS.build(tiny_config.model).eval()
    data = model.data_preprocessor(batch(tiny_config))
    with torch.no_grad():
        expected = [sample.pred_instances.keypoints for sample in model(**data, mode='predict')]
        data['data_samples'] = [PoseDataSample(metainfo=sample.metainfo) for sample in data['data_samples']]
        found = [sample.pred_instances.keypoints for sample in model(**data, mode='predict')]
    np.testing.assert_array_equal(found, expected)
    with pytest.raises(ConfigError, match='a sample has no labels to train on'):
        model(**data, mode='loss')


@pytest.mark.parametrize('image_size', [(640, 480), (100, 300)])
def test_the_data_set_s_image_size_is_the_only_one(tiny_config, image_size):
    """The same people in another image: the output stays; px follow in prediction and losses."""
    model = MODELS.build(tiny_config.model).eval()
    data = model.data_preprocessor(batch(tiny_config))
    scale = np.array(image_size) / 256
    with torch.no_grad():
        before, losses = model(**data, mode='predict'), model(**data, mode='loss')
        before = [sample.pred_instances.keypoints for sample in before]
        for sample in data['data_samples']:
            sample.set_metainfo(dict(image_size=np.array(image_size)))
            sample.gt_instance_labels.keypoints *= torch.tensor(scale)
        after, other = model(**data, mode='predict'), model(**data, mode='loss')
    for old, sample in zip(before, after):
        np.testing.assert_allclose(sample.pred_instances.keypoints, old * scale, rtol=1e-5)
    found = model(data['inputs'], None, mode='tensor').detach().sigmoid() * torch.tensor(image_size)
    target = torch.stack([sample.gt_instance_labels.keypoints for sample in data['data_samples']])
    area = torch.stack([sample.gt_instance_labels.areas for sample in data['data_samples']])
    squared = (found - target).square().sum(-1)
    oks = torch.exp(-squared / (2 * (2 * torch.tensor(HUPR_SIGMAS)) ** 2 * area[..., None]))
    torch.testing.assert_close(other['loss_oks'], 1 - oks.mean(), rtol=1e-4, atol=1e-5, check_dtype=False)
    torch.testing.assert_close(other['mpjpe_px'], squared.sqrt().mean(), rtol=1e-4, atol=1e-4, check_dtype=False)
    assert other['loss_oks'] != losses['loss_oks']
    torch.testing.assert_close(other['loss_l1'], losses['loss_l1'])  # in shares of the image


@pytest.mark.parametrize(
    'meta_keys, message',
    [
        (('key_index', 'sigmas'), "PackRadarInputs.meta_keys must hold 'image_size' or 'volume_m'"),
        (('image_size', 'sigmas'), "PackRadarInputs.meta_keys must hold 'key_index'"),
        (('image_size', 'key_index'), "a loss needs the sigmas.*PackRadarInputs.meta_keys hold 'sigmas'"),
    ],
)
def test_a_sample_that_does_not_say_what_is_needed_is_refused_in_words(tiny_config, meta_keys, message):
    tiny_config.train_dataloader.dataset.pipeline[-1] = dict(type='PackRadarInputs', meta_keys=meta_keys)
    model = MODELS.build(tiny_config.model)
    with pytest.raises(ConfigError, match=message):
        model(**model.data_preprocessor(batch(tiny_config)), mode='loss')


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(num_keypoints=17), 'the head has num_keypoints=17, but the labels of the data set have 14'),
        (dict(num_frames=5), 'the head has num_frames=5, but the labels of the data set have 3'),
        (dict(codec=dict(type='CoordinateCodec', dims=3)), 'CoordinateCodec has dims=3.*image_size.*2 coordinates'),
    ],
)
def test_a_head_for_other_poses_than_the_data_set_s_is_refused_in_words(tiny_config, options, message):
    tiny_config.model.head.update(options)
    model = MODELS.build(tiny_config.model)
    with pytest.raises(ConfigError, match=message):
        model(**model.data_preprocessor(batch(tiny_config)), mode='loss')


@pytest.mark.parametrize('unit, steps', [('image', 60), ('px', 250)])
def test_a_tiny_network_learns_one_batch_by_heart(tiny_config, unit, steps):
    """As the demo does, with clipped gradients: in px the velocity loss is by far the largest at the start."""
    tiny_config.model.head.losses.velocity.unit = unit
    model = MODELS.build(tiny_config.model)
    data = model.data_preprocessor(batch(tiny_config), training=True)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for _ in range(steps):
        optimizer.zero_grad()
        losses = model(**data, mode='loss')
        model.parse_losses(losses)[0].backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), **tiny_config.optim_wrapper.clip_grad)
        optimizer.step()
    assert losses['mpjpe_px'] < 5


def test_a_loss_can_be_removed_in_a_child_configuration(tiny_config):
    tiny_config.model.head.losses.velocity = None
    assert set(MODELS.build(tiny_config.model).head.losses) == {'oks', 'l1'}


def test_transformer_encoder_in_place_of_mamba(tiny_config):
    tiny_config.model.backbone.mixer.layer = dict(type='TransformerEncoderLayer', num_heads=2)
    model = MODELS.build(tiny_config.model)
    assert torch.isfinite(model(**model.data_preprocessor(batch(tiny_config)), mode='loss')['loss_oks'])


@pytest.mark.parametrize('kind', ['spatial', 'temporal'])
def test_a_decoder_without_an_attention_trains_its_other_weights(tiny_config, kind):
    tiny_config.model.head.layer = {kind: False}
    model = MODELS.build(tiny_config.model)
    assert not [name for name in model.state_dict() if f'.{kind}' in name]
    losses = model(**model.data_preprocessor(batch(tiny_config)), mode='loss')
    model.parse_losses(losses)[0].backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())


def test_a_decoder_without_cross_attention_sees_nothing_of_the_radar(tiny_config):
    inputs = batch(tiny_config)['inputs']
    found = {}
    for cross in (True, False):
        tiny_config.model.head.layer = dict(cross=cross)
        model = MODELS.build(tiny_config.model).eval()
        with torch.no_grad():
            found[cross] = model(torch.stack(inputs), None, mode='tensor')
    assert torch.equal(found[False][0], found[False][1]) and not torch.equal(found[True][0], found[True][1])


def many_to_one(config):
    config.model.head.type = 'KeyFrameHead'
    return MODELS.build(config.model)


@pytest.mark.parametrize('key', [0, 1, 2])
def test_many_to_one_decodes_and_supervises_the_key_frame_alone(tiny_config, key):
    model = many_to_one(tiny_config)
    data = model.data_preprocessor(batch(tiny_config), training=True)
    for sample in data['data_samples']:
        sample.set_metainfo(dict(key_index=key))
    losses = model(**data, mode='loss')
    assert losses['loss_velocity'] == 0
    others = [frame for frame in range(3) if frame != key]
    for sample in data['data_samples']:  # labels of other frames: whatever they are
        sample.gt_instance_labels.keypoints[others] += 256
        sample.gt_instance_labels.keypoint_weights[others] = 0
    again = model(**data, mode='loss')
    assert all(torch.equal(value, again[name]) for name, value in losses.items())
    model.parse_losses(losses)[0].backward()
    without = [name for name, p in model.named_parameters() if p.grad is None or not torch.isfinite(p.grad).all()]
    assert without == []
    for sample in data['data_samples']:
        sample.gt_instance_labels.keypoints[key] += 256
    assert model(**data, mode='loss')['loss_l1'] > losses['loss_l1'] + 1


def test_many_to_one_predicts_what_it_decodes(tiny_config):
    model = many_to_one(tiny_config).eval()
    data = model.data_preprocessor(batch(tiny_config))
    with torch.no_grad():
        predictions, decoded = model(**data, mode='predict'), model(data['inputs'], None, mode='tensor')
    assert decoded.shape == (2, 1, 14, 2)
    for sample, pose in zip(predictions, decoded[:, 0].sigmoid()):
        np.testing.assert_allclose(sample.pred_instances.keypoints[0], pose * 256, rtol=1e-5)


@pytest.mark.parametrize('head', ['STCAHead', 'KeyFrameHead'])
def test_steps_predict_the_same_outside_no_grad(tiny_config, head):
    tiny_config.model.head.type = head
    model = MODELS.build(tiny_config.model).eval()
    found = model.test_step(batch(tiny_config))
    with torch.no_grad():
        expected = model.test_step(batch(tiny_config))
    for sample, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(sample.pred_instances.keypoints, other.pred_instances.keypoints, rtol=1e-5)
        assert isinstance(sample.pred_instances.keypoint_scores, np.ndarray)


def test_heatmaps_with_nan_are_refused_by_name(tiny_config):
    model = MODELS.build(tiny_config.model)
    data = batch(tiny_config)
    data['inputs'][1][0, 0, 0, 3, 2, 1] = float('nan')
    with pytest.raises(ValueError, match='NaN or infinite values: number 1 of the batch, sequence 1, frame 3'):
        model.data_preprocessor(data)


@pytest.mark.no_shape_checks
def test_an_unknown_key_in_the_model_is_named(tiny_config):
    tiny_config.model.backbone.num_layerz = 3
    with pytest.raises(TypeError, match='CVMamba.*num_layerz'):
        MODELS.build(tiny_config.model)
