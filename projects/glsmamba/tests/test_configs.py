import argparse
import importlib.util
import json
from pathlib import Path

import mmpose
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from mmpose.registry import KEYPOINT_CODECS
from torch import nn

from glsmamba.models.layers.s6 import S6
from mmradar.apis.configuration import load_config
from mmradar.cli import config_from
from mmradar.errors import CheckpointError, ConfigError, DataError
from mmradar.registry import DATASETS, METRICS, MODELS, PARAM_SCHEDULERS

CONFIGS = Path(__file__).resolve().parents[1] / 'configs'
FILES = [path.relative_to(CONFIGS) for path in CONFIGS.rglob('*.py')]
ALL = sorted(str(path.with_suffix('')) for path in FILES if '_base_' not in path.parts)
RADAR = [name for name in ALL if name.startswith('millimamba')]
SYNTHETIC = [name for name in ALL if 'synthetic' in name or name.startswith('ablations/')]
RECORDED = [name for name in ALL if name not in RADAR + SYNTHETIC]
SPLITS = ('train', 'val', 'test')
VIT_WIDTHS = {'base': 768, 'huge': 1280}
# Trainable parameters in the paper's tables, millions; all others of recorded video are its full model
PAPER_MILLIONS = {
    'posetrack17_unified': 9.1,
    'posetrack17_unified_spatial': 9.4,
    'posetrack17_sum': 9.1,
    'posetrack17_transformer_sixteenth': 46.3,
    'posetrack17_transformer_eighth': 47.0,
}
PAPER_SAYS_NOTHING = ('posetrack17_backbone', 'posetrack17_gsm_only', 'posetrack17_transformer_quarter')
POSETRACK17 = [name for name in RECORDED if 'posetrack17' in name]
TINY_NECK = dict(in_channels=8, embed_dims=8, num_gsm=1, num_lrm=1, attention_dims=4, d_state=2)
TINY_NECK['compensation_cfg'] = dict(groups=2)
TINY_TRANSFORMER = dict(in_channels=8, embed_dims=8, num_layers=1, num_heads=2)


@pytest.fixture(scope='module', autouse=True)
def _unformatted():
    """mmengine formats the configuration five times a training; of two iterations that is most of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr('mmengine.config.config.FormatCode', lambda text, **_: (text, False))
        yield


def module_of(file):
    """Another file of tests, for what it writes."""
    spec = importlib.util.spec_from_file_location(file, Path(__file__).with_name(f'{file}.py'))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read(name):
    init_default_scope('mmradar')
    return load_config(str(CONFIGS / f'{name}.py'))


def with_tiny_vit(config, embed_dims):
    """The configuration with one layer of a narrow ViT where it has one of ViTPose's."""
    if config.model.backbone.type == 'PlainViT':
        config.model.backbone.arch = dict(embed_dims=embed_dims, num_layers=1, num_heads=2)
        if config.model.upsampling:
            config.model.upsampling.in_channels = embed_dims
        else:
            config.model.neck.in_channels = embed_dims
    return config


def in_this_process(config, num_clips=None, batch_size=2):
    for split in SPLITS:
        loader = config[f'{split}_dataloader']
        loader.update(batch_size=batch_size, num_workers=0, persistent_workers=False)
        if num_clips:
            loader.dataset.update(num_clips=num_clips, cache_dir=None)
    return config


class Remember(Hook):
    """The weights that a training starts from."""

    def before_train(self, runner):
        self.state = {name: x.clone() for name, x in runner.model.state_dict().items()}


def train(config):
    """A few iterations: the runner, its first weights and the validation's values."""
    runner, start = Runner.from_cfg(config), Remember()
    runner.register_hook(start)
    runner.train()
    assert runner.iter == config.train_cfg.max_epochs * len(runner.train_dataloader) <= 10
    values = runner.message_hub.log_scalars
    return runner, start.state, {key[4:]: x.current() for key, x in values.items() if key.startswith('val/')}


def check_what_was_trained(runner, start):
    """Whatever is not frozen, all of it, and nothing else."""
    changed = {name for name, x in runner.model.state_dict().items() if not torch.equal(x, start[name])}
    assert changed == {name for name, x in runner.model.named_parameters() if x.requires_grad}
    assert {name.split('.')[0] for name in changed} == {'neck', 'head'}


# all


@pytest.mark.parametrize('name', ALL)
def test_models_build_and_take_the_data_sets_frames(name):
    config = with_tiny_vit(read(name), embed_dims=24)
    model = MODELS.build(config.model)
    if name in RADAR:
        assert type(model.backbone.layers).__name__ == 'GLSMambaMixer'
        return
    frames = {config[f'{split}_dataloader'].dataset.num_frames for split in SPLITS}
    frames.add(model.data_preprocessor.num_frames)
    if model.with_neck:
        frames.add(model.neck.num_frames)
    single = name.startswith('frame_')
    assert frames == {1 if single else 5}
    assert model.with_neck != single


@pytest.mark.parametrize('name', ALL)
def test_what_asks_for_no_weight_decay_has_none(name):
    config = read(name)
    with torch.device('meta'):
        model = MODELS.build(config.model)
    names = {id(x): key for key, x in model.named_parameters()}
    groups = build_optim_wrapper(model, config.optim_wrapper).optimizer.param_groups
    found = {names[id(x)]: group['weight_decay'] for group in groups for x in group['params']}
    exempt = {key for key, x in model.named_parameters() if getattr(x, '_no_weight_decay', False)}
    scans = sum(isinstance(module, S6) for module in model.modules())
    without = any(kind in name for kind in ('frame_', 'backbone', 'transformer'))
    assert len(exempt) == 3 * scans and bool(scans) != without
    assert len(found) == len(names)
    for key, decay in found.items():
        assert decay == (0 if key in exempt else config.optim_wrapper.optimizer.weight_decay), key


# rendered clips


@pytest.fixture(scope='module')
def rendered():
    """The first sample of a data set's configuration; most configurations have the same ones."""
    known = {}

    def first(dataset):
        dataset = {**dataset, 'num_clips': 1, 'cache_dir': None}
        if str(dataset) not in known:
            known[str(dataset)] = DATASETS.build(dataset)[0]
        return known[str(dataset)]

    return first


@pytest.mark.parametrize('name', SYNTHETIC)
def test_rendered_clips_have_the_sizes_of_the_models(name, rendered):
    config = read(name)
    model = MODELS.build(config.model).eval()
    samples = [rendered(config[f'{split}_dataloader'].dataset) for split in SPLITS]
    batch = {key: [sample[key] for sample in samples] for key in ('inputs', 'data_samples')}
    data = model.data_preprocessor(batch)
    with torch.no_grad():
        heatmaps = model(**data, mode='tensor')
        predictions = model(**data, mode='predict')
    assert data['inputs'].shape == (3, model.data_preprocessor.num_frames, 3, 96, 64)
    assert not torch.equal(data['inputs'][1], data['inputs'][2])  # validation and test
    for sample, heatmap, prediction in zip(samples, heatmaps, predictions):
        assert sample['data_samples'].gt_fields.heatmaps.shape == heatmap.shape == (17, 24, 16)
        assert prediction.pred_instances.keypoints.shape == (1, 17, 2)


def test_heatmaps_are_drawn_and_read_where_joints_are():
    """Up to the edges; mmpose shifts some of them with a sigma that does not suit it."""
    codec = KEYPOINT_CODECS.build(read('glsmamba_small_synthetic').codec)
    width, height = codec.input_size
    rows, columns = np.meshgrid(np.arange(4, height - 4, 2.7), np.arange(4, width - 4, 2.7))
    joints = np.stack([columns, rows], axis=-1).reshape(-1, 1, 1, 2).astype(np.float32)
    for joint in joints:
        heatmaps = codec.encode(joint, np.ones((1, 1), np.float32))['heatmaps']
        found, _ = codec.decode(heatmaps)
        assert np.abs(found - joint).max() < 1.5, joint


def one_step_an_epoch(name):
    config = in_this_process(read(name), num_clips=2)
    config.work_dir = f'work_dirs/{name}'  # that of tools/train.py
    return config


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
    """The single-frame network, and the GLSMamba that starts from it where its configuration looks for it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp('trained'))
        found = {name: train(one_step_an_epoch(name)) for name in ('frame_small_synthetic', 'glsmamba_small_synthetic')}
        yield found


def test_the_single_frame_network_trains_whole(trained):
    runner, start, values = trained['frame_small_synthetic']
    assert all(x.requires_grad for x in runner.model.parameters())
    state = runner.model.state_dict()
    assert not any(torch.equal(x, start[name]) for name, x in state.items() if 'conv' in name and x.ndim == 4)
    assert 0 <= values['PCK'] <= 1 and 0 <= values['posetrack/AP'] <= 100


def test_glsmamba_keeps_the_single_frame_network_and_trains_the_rest(trained):
    runner, start, values = trained['glsmamba_small_synthetic']
    frame = torch.load('work_dirs/frame_small_synthetic/epoch_6.pth', map_location='cpu', weights_only=True)
    saved = torch.load('work_dirs/glsmamba_small_synthetic/epoch_2.pth', map_location='cpu', weights_only=True)
    frozen = [name for name in saved['state_dict'] if name.startswith(('backbone.', 'upsampling.'))]
    assert len(frozen) > 100 and any('running_var' in name for name in frozen)
    for name in frozen:
        assert torch.equal(saved['state_dict'][name], frame['state_dict'][name]), name
    check_what_was_trained(runner, start)
    assert 0 <= values['PCK'] <= 1 and 0 <= values['posetrack/AP'] <= 100


def test_a_checkpoint_is_tested_as_it_was_validated_and_drawn(trained, tmp_path):
    _, _, values = trained['glsmamba_small_synthetic']
    config = one_step_an_epoch('glsmamba_small_synthetic')
    config.test_dataloader = config.val_dataloader
    config.load_from = 'work_dirs/glsmamba_small_synthetic/epoch_2.pth'
    config.model.test_cfg.activations = ['gsm', 'lrm']
    config.default_hooks.visualization.update(enable=True, interval=1, out_dir=str(tmp_path))
    metrics = Runner.from_cfg(config).test()
    assert {path.name for path in tmp_path.iterdir()} == {'test_00000000.png', 'test_00000001.png'}
    assert {name: metrics[name] for name in ('PCK', 'posetrack/AP')} == pytest.approx(
        {name: values[name] for name in ('PCK', 'posetrack/AP')}
    )


def test_the_sixteenth_starts_from_the_same_checkpoint(trained):
    model = MODELS.build(read('ablations/sixteenth').model)
    model.init_weights()
    frame = trained['frame_small_synthetic'][0].model.backbone.state_dict()
    assert all(torch.equal(x, frame[name]) for name, x in model.backbone.state_dict().items())


def test_a_missing_single_frame_network_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CheckpointError, match=r'epoch_6\.pth.* first \(frame_small_synthetic\.py\)'):
        MODELS.build(read('glsmamba_small_synthetic').model).init_weights()


@pytest.mark.parametrize('spoil', ['missing', 'another size', 'no number'])
def test_a_checkpoint_that_leaves_frozen_weights_at_random_is_refused(trained, tmp_path, monkeypatch, spoil):
    """mmengine loads what fits and logs the rest; what is frozen would never be learnt."""
    monkeypatch.chdir(tmp_path)
    state = trained['frame_small_synthetic'][0].model.state_dict()
    key = 'upsampling.deconv_layers.3.weight'
    assert key in state
    if spoil == 'no number':
        state = {**state, key: torch.full_like(state[key], float('nan'))}
    else:
        state = {name: value for name, value in state.items() if name != key}
    if spoil == 'another size':
        state[key] = torch.zeros(2, 2, 4, 4)
    (tmp_path / 'work_dirs' / 'frame_small_synthetic').mkdir(parents=True)
    torch.save(dict(state_dict=state), 'work_dirs/frame_small_synthetic/epoch_6.pth')
    message = 'holds numbers that are NaN' if spoil == 'no number' else 'lacks 1 weights of the frozen upsampling'
    with pytest.raises(CheckpointError, match=f'{message}.*deconv_layers.3.weight'):
        MODELS.build(read('glsmamba_small_synthetic').model).init_weights()


# the paper's configurations


@pytest.mark.parametrize('name', POSETRACK17)
def test_posetrack17_is_read_without_people_of_one_joint(name):
    config = read(name)
    assert all(config[f'{split}_dataloader'].dataset.bad_boxes == 'drop' for split in SPLITS)


@pytest.mark.parametrize('name', RECORDED)
def test_full_sizes_are_the_papers(name):
    config = read(name)
    arch, joints = config.model.backbone.arch, config.model.head.out_channels
    assert joints == (15 if 'jhmdb' in name else 17)
    with torch.device('meta'):
        model = MODELS.build(config.model)
        heatmaps = model(torch.zeros(1, 5, 3, 256, 192), None, mode='tensor')
    assert heatmaps.shape == (1, joints, 64, 48)
    if (short := Path(name).name) not in PAPER_SAYS_NOTHING:
        learning = sum(x.numel() for x in model.parameters() if x.requires_grad)
        assert learning / 1e6 == pytest.approx(PAPER_MILLIONS.get(short, 9.8), rel=0.02)
    width = VIT_WIDTHS[arch]
    first = (
        model.neck.project.in_features if model.upsampling is None else model.upsampling.deconv_layers[0].in_channels
    )
    assert model.backbone.embed_dims == width == first


# Tokens of a clip in the paper's tables; of all others of recorded video 15,360
PAPER_TOKENS = {'sixteenth': 960, 'transformer_sixteenth': 960, 'transformer_eighth': 3840}


@pytest.mark.parametrize('name', RECORDED)
def test_tokens_are_the_papers(name):
    with torch.device('meta'):
        model = MODELS.build(read(name).model)
        sizes = []
        model.neck.embedding.register_forward_hook(lambda _, inputs, x: sizes.append(x.shape))
        model(torch.zeros(1, 5, 3, 256, 192), None, mode='tensor')
    ((_, frames, height, width, _),) = sizes
    assert frames * height * width == PAPER_TOKENS.get(Path(name).name.removeprefix('posetrack17_'), 15360)


@pytest.mark.parametrize('name', RECORDED)
def test_encoder_and_codec_are_those_of_mmposes_vitpose(name):
    ours = read(name).model
    folder = Path(mmpose.__file__).parent / '.mim/configs/body_2d_keypoint/topdown_heatmap/coco'
    theirs = Config.fromfile(folder / f'td-hm_ViTPose-{ours.backbone.arch}_8xb64-210e_coco-256x192.py').model
    checkpoint = Path(ours.backbone.init_cfg.checkpoint).name
    assert checkpoint.startswith(f'td-hm_ViTPose-{ours.backbone.arch}_8xb64-210e_coco-256x192-')
    encoder = theirs.backbone
    for option in ('arch', 'img_size', 'patch_size'):
        assert ours.backbone[option] == encoder[option]
    assert ours.backbone.patch_padding == encoder.patch_cfg.padding
    # what PlainViT always has
    assert (encoder.with_cls_token, encoder.out_type, encoder.qkv_bias) == (False, 'featmap', True)
    if ours.upsampling:  # the first ones are enough for a lower resolution
        channels = list(ours.upsampling.out_channels)
        assert channels == list(theirs.head.deconv_out_channels)[: len(channels)]
    assert ours.head.decoder == theirs.head.decoder
    assert ours.test_cfg == theirs.test_cfg


@pytest.mark.parametrize('name', RECORDED)
def test_the_papers_learning_rates(name):
    config = read(name)
    optimizer = torch.optim.AdamW(nn.Linear(1, 1).parameters(), lr=config.optim_wrapper.optimizer.lr)
    (entry,) = config.param_scheduler
    scheduler = PARAM_SCHEDULERS.build(dict(entry), default_args=dict(optimizer=optimizer))
    rates = []
    for _ in range(config.train_cfg.max_epochs):
        rates.append(optimizer.param_groups[0]['lr'])
        optimizer.step()
        scheduler.step()
    assert rates == pytest.approx([1e-4] * 6 + [1e-5] * 6 + [1e-6] * 8)


@pytest.mark.skipif(importlib.util.find_spec('mmpretrain') is not None, reason='mmpretrain is installed')
def test_without_mmpretrain_the_message_names_it():
    with pytest.raises(ConfigError, match='mmpretrain.VisionTransformer.*pip install'):
        MODELS.build({**read('glsmamba_base_posetrack17').model, 'backbone': dict(type='mmpretrain.VisionTransformer')})


def write_files(name, config):
    """What the configuration looks for, below the working directory: two persons a split, and a ViTPose."""
    files = module_of('test_video_datasets')
    data = config.train_dataloader.dataset
    root = Path(data.data_root)
    root.mkdir(parents=True)
    if 'jhmdb' in name:
        content = (files.write_jhmdb(root, frames=(2,)) / 'Sub1_train.json').read_text()
    else:
        of_year = files.video_2017('v') if data.year == 2017 else files.coco_video('v', data.year)
        files.write(root, of_year)
        content = json.dumps(of_year)
    for split in SPLITS:
        path = root / config[f'{split}_dataloader'].dataset.ann_file
        path = path if path.suffix else path / 'v.json'
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    if boxes := config.val_dataloader.dataset.get('bbox_file'):
        people = json.loads(content)['annotations']
        detections = [dict(image_id=person['image_id'], bbox=person['bbox'], score=0.9) for person in people]
        Path(boxes).write_text(json.dumps([*detections, *detections, dict(detections[0], score=0.3)]))
    backbone = MODELS.build({**config.model.backbone, 'init_cfg': None}).state_dict()
    upsampling = config.model.upsampling or dict(type='Deconvolutions', in_channels=8, out_channels=(8, 8))
    upsampling = MODELS.build({**upsampling, 'init_cfg': None}).state_dict()
    state = {f'backbone.{key}': x for key, x in backbone.items()} | {f'head.{key}': x for key, x in upsampling.items()}
    path = Path(config.model.backbone.init_cfg.checkpoint)
    path.parent.mkdir(parents=True)
    torch.save(dict(state_dict=state | {'head.final_layer.bias': torch.zeros(17)}), path)
    return state


@pytest.mark.parametrize('name', RECORDED)
def test_another_data_root_is_read_by_evaluators_too(name):
    old = read(name).train_dataloader.dataset.data_root.rstrip('/')
    flags = argparse.Namespace(
        config=str(CONFIGS / f'{name}.py'), cfg_options={}, data_root='/sets/release2', cache_dir=None
    )
    config = config_from(flags)
    for split in SPLITS:
        assert config[f'{split}_dataloader'].dataset.data_root == '/sets/release2'
    parts = {key: config[key] for key in config if key.endswith(('_dataloader', '_evaluator'))}
    assert old not in str(parts)
    if 'posetrack' in name:
        folder = 'posetrack_data' if '21' in name else 'annotations'
        assert config.val_evaluator.ann_file == config.test_evaluator.ann_file == f'/sets/release2/{folder}/val'
        metric = METRICS.build(config.val_evaluator)
        metric.nms_thr = None  # it comes before the file is read, and needs whole predictions
        with pytest.raises((DataError, FileNotFoundError), match='/sets/release2'):
            metric.compute_metrics([dict(img_id=1, finite=[True])])


@pytest.mark.parametrize('name', SYNTHETIC[:1])
def test_rendered_clips_have_no_data_root(name):
    flags = argparse.Namespace(config=str(CONFIGS / f'{name}.py'), cfg_options={}, data_root='x', cache_dir=None)
    with pytest.raises(ConfigError, match='--data-root reaches nothing.*SyntheticVideoPoseDataset'):
        config_from(flags)


@pytest.mark.parametrize('name', [name for name in RECORDED if 'huge' not in name])
def test_files_as_published_train_and_are_evaluated(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = in_this_process(with_tiny_vit(read(name), embed_dims=8), batch_size=1)
    if config.model.upsampling:
        config.model.upsampling.out_channels = (8,) * len(config.model.upsampling.out_channels)
    tiny = TINY_TRANSFORMER if config.model.neck.type == 'ClipTransformer' else TINY_NECK
    given = config.model.neck.to_dict()
    config.model.neck.update(tiny)
    for blocks in ('num_gsm', 'num_lrm'):  # an ablation has none
        if given.get(blocks) == 0:
            config.model.neck[blocks] = 0
    config.model.head.in_channels = 8
    config.train_cfg.update(max_epochs=1, val_interval=1)
    config.work_dir = 'work_dirs'
    vitpose = write_files(name, config)
    runner, start, values = train(config)
    for key, x in runner.model.state_dict().items():
        if key.startswith(('backbone', 'upsampling')):
            assert torch.equal(x, vitpose[key.replace('upsampling', 'head')]), key
    check_what_was_trained(runner, start)
    assert len(runner.val_dataloader.dataset) == (4 if 'detected' in name else 2)
    if 'jhmdb' in name:
        assert 0 <= values['PCK'] <= 1 and 'tPCK' not in values
    else:
        assert 0 <= values['posetrack/AP'] <= 100 and 'posetrack/Wri AP' in values
