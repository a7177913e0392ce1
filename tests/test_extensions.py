"""What others add: each one new file and a configuration, nothing of the package is touched."""

import textwrap

import pytest
import torch
from mmengine.runner import Runner

from conftest import REPOSITORY, on_small_data
from mmradar.apis import build_loader, evaluate, init_model
from mmradar.apis.configuration import load_config
from mmradar.registry import MODELS

TINY = REPOSITORY / 'configs' / 'millimamba_tiny_simhupr.py'
SMALL_MODEL = (
    'model = dict(backbone=dict(stem=dict(channels=(4, 4, 8, 16)), mixer=dict(num_layers=1)), head=dict(num_layers=1))'
)

FRAME_TRANSFORM = """
import numpy as np
from mmcv.transforms import BaseTransform
from mmradar.registry import TRANSFORMS

@TRANSFORMS.register_module(force=True)
class RangeGain(BaseTransform):
    per_frame = True

    def __init__(self, power):
        self.power = power

    def transform(self, results):
        bins = np.arange(results['spectrum'].shape[-1], dtype=np.float32)
        results['spectrum'] = results['spectrum'] * (1 + bins) ** self.power
        return results
"""
WITH_FRAME_TRANSFORM = """
pipeline = [_base_.pipeline[0], dict(type='RangeGain', power=2), *_base_.pipeline[1:]]
"""

HEAD = """
from torch import nn
from mmradar.models.heads import QueryHead
from mmradar.registry import MODELS

class MeanLayer(nn.Module):
    def __init__(self, dims, num_heads, feedforward_ratio, dropout):
        super().__init__()
        self.linear = nn.Linear(dims, dims)

    def forward(self, queries, tokens):
        return queries + self.linear(tokens.mean(1))[:, None, None]

@MODELS.register_module(force=True)
class MeanTokenHead(QueryHead):
    layer_type = MeanLayer
"""
WITH_HEAD = """
model['head']['type'] = 'MeanTokenHead'
"""

DATASET = """
import numpy as np
from pathlib import Path
from mmradar.datasets import RecordedRadarPoseDataset
from mmradar.radar import RadarConfig, open_recording
from mmradar.registry import DATASETS

@DATASETS.register_module(force=True)
class LoneSequence(RecordedRadarPoseDataset):
    def __init__(self, data_root, radar, sequence, **kwargs):
        self.radar, self.folder = RadarConfig.build(radar), Path(data_root) / f'single_{sequence}'
        super().__init__(**kwargs)

    def load_data_list(self):
        self._recordings = {
            view: open_recording(self.folder / view / 'adc_data.bin', self.radar) for view in self.views
        }
        self.joints_m = np.load(self.folder / 'joints_3d_m.npy').astype(np.float32)
        return [dict(frame=frame) for frame in range(len(self.joints_m))]

    def recordings(self):
        return iter(self._recordings.items())

    def sample(self, entry):
        frames = self.window.frames(entry['frame'], len(self.joints_m))
        keypoints = self.joints_m[frames]
        return dict(img_id=entry['frame'], frame=entry['frame'], recordings=self._recordings, frame_indices=frames,
                    keypoints=keypoints, keypoints_visible=np.ones(keypoints.shape[:2], np.float32),
                    volume_m=((-2, 0, -0.5), (2, 5, 2.5)))
"""
WITH_DATASET = """
own = dict(_delete_=True, type='LoneSequence', data_root='${data_root}', radar='${radar}', sequence=1,
           window=dict(num_frames='${num_frames}', key='${key_frame}'), views='${views}', pipeline='${pipeline}')
train_dataloader = dict(dataset=own)
test_dataloader = dict(dataset=own)
model['head'].update(codec=dict(type='CoordinateCodec', dims=3),
                     losses=dict(oks=None, velocity=None, l1=dict(type='KeypointL1Loss')))
"""


@pytest.fixture
def extended(tmp_path, monkeypatch, simulated_root):
    """A module of someone else's and a configuration that names it, read on the small data set."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def build(name, module, lines):
        imports = ''
        if module:
            (tmp_path / f'{name}.py').write_text(module)
            imports = f"custom_imports = dict(imports=['{name}'], allow_failed_imports=False)"
        path = tmp_path / f'config_of_{name}.py'
        base = f'_base_ = {str(TINY)!r}\n'
        path.write_text(base + textwrap.dedent(f'{imports}\n{SMALL_MODEL}\n{lines}'))
        return on_small_data(load_config(str(path)), simulated_root)

    return build


def losses_of_a_step(config):
    """The losses of the first training batch; their sum has gradients everywhere that count."""
    model = MODELS.build(config.model)
    batch = next(iter(Runner.build_dataloader(config.train_dataloader, seed=0)))
    losses = model(**model.data_preprocessor(batch, True), mode='loss')
    total = sum(value for name, value in losses.items() if 'loss' in name)
    total.backward()
    assert total.isfinite() and all(p.grad is not None for p in model.backbone.parameters())
    return losses


def test_a_frame_transform_runs_in_the_frame_stage(extended, simulated_root):
    config = extended('range_gain', FRAME_TRANSFORM, WITH_FRAME_TRANSFORM)
    loader = build_loader(config, 'train')
    assert loader.dataset.pipeline.num_per_frame == 5
    plain = build_loader(on_small_data(load_config(str(TINY)), simulated_root), 'train').dataset[0]['inputs']
    far = loader.dataset[0]['inputs'].abs().argmax(-1).float().mean()
    assert far > plain.abs().argmax(-1).float().mean() + 5  # the gain lifts what is far away
    losses_of_a_step(config)


def test_a_head(extended):
    losses = losses_of_a_step(extended('mean_head', HEAD, WITH_HEAD))
    assert {'loss_oks', 'loss_velocity', 'loss_l1', 'mpjpe_px'} == set(losses)


def test_a_data_set_in_three_dimensions_with_a_cache_on_disk(extended, tmp_path):
    config = extended('lone_sequence', DATASET, WITH_DATASET)
    for split in ('train', 'test'):
        config[f'{split}_dataloader'].dataset.cache_dir = str(tmp_path / 'cache')
    losses = losses_of_a_step(config)
    assert set(losses) == {'loss_l1', 'mpjpe_m'} and 0 < losses['mpjpe_m'] < 5
    assert len(list((tmp_path / 'cache').glob('*.npy'))) == 2
    model = init_model(config)
    with torch.no_grad():
        (sample, *_) = model.test_step(next(iter(build_loader(config))))
    assert sample.pred_instances.keypoints.shape == (1, 14, 3)


@pytest.mark.parametrize('key, index', [('last', 2), ('first', 0), (1, 1)])
def test_a_window_with_another_key_frame_is_one_line(extended, key, index):
    config = extended(f'causal_{key}', None, f'key_frame = {key!r}')
    data = build_loader(config).dataset
    sample = data[2]['data_samples']
    assert sample.key_index == index and sample.frame_indices[index] == sample.frame
    truth = sample.gt_instance_labels.keypoints[index].numpy()
    assert (sample.gt_instances.keypoints[0] == truth).all()
    metrics = evaluate(init_model(config), build_loader(config), config.test_evaluator)
    assert metrics['coco/MPJPE_px'] > 0
    losses_of_a_step(config)
