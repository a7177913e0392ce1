from copy import deepcopy

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData, PixelData
from mmpose.datasets.transforms import GetBBoxCenterScale, RandomBBoxTransform, RandomFlip, TopdownAffine

from glsmamba.datasets import LoadClip, PackClipInputs, SyntheticVideoPoseDataset
from glsmamba.visualization import ClipPoseVisualizer
from glsmamba.visualization.clip_pose_visualizer import to_crop
from mmradar.errors import ConfigError


@pytest.fixture(scope='module')
def sample():
    """A clip whose crop is mirrored and turned, with a perfect prediction."""
    data = SyntheticVideoPoseDataset(num_clips=1, num_frames=3, difficulty='easy', seed=1)
    transforms = [
        LoadClip(),
        GetBBoxCenterScale(),
        RandomFlip(prob=1.0, direction='horizontal'),
        RandomBBoxTransform(rotate_prob=1.0),
        TopdownAffine(input_size=(48, 64), use_udp=True),
        PackClipInputs(pack_transformed=True),
    ]
    np.random.seed(0)
    info = data.get_data_info(0)
    info.update(data.metainfo)
    for transform in transforms:
        info = transform(info)
    found = info['data_samples']
    assert abs(found.bbox_rotation[0]) > 5 and found.flip
    found.pred_instances = InstanceData(keypoints=np.array(found.gt_instances.keypoints))
    visualizer = ClipPoseVisualizer(name=f'test_{np.random.default_rng().integers(1 << 40)}')
    visualizer.dataset_meta = data.metainfo
    return visualizer, info['inputs'].numpy(), found


def test_joints_are_drawn_where_the_crop_has_them(sample):
    _, _, found = sample
    assert to_crop(found.gt_instances.keypoints, found) == pytest.approx(
        found.gt_instances.transformed_keypoints, abs=1e-3
    )


def test_a_picture_has_all_frames_and_both_poses(sample, tmp_path):
    visualizer, clip, found = sample
    moved = deepcopy(found)
    moved.pred_instances.keypoints = moved.pred_instances.keypoints + 20
    here, there = (visualizer.render('x', clip, each).astype(int) for each in (found, moved))
    width = here.shape[1]
    changed = np.flatnonzero((here != there).any(axis=(0, 2)))
    assert len(changed) and changed.min() > 4 * width // 5  # the last of five panels
    # the same clip with another first frame
    other = np.concatenate([255 - clip[:1], clip[1:]])
    changed = np.flatnonzero((visualizer.render('x', other, found) != here).any(axis=(0, 2)))
    assert len(changed) and changed.max() < width // 5
    visualizer.add_datasample('x', clip, found, draw_pred=False, out_file=str(tmp_path / 'new' / 'picture.png'))
    assert (tmp_path / 'new' / 'picture.png').is_file()


def test_detected_people_have_no_panel_of_the_truth(sample):
    visualizer, clip, found = sample
    detected = deepcopy(found)
    detected.gt_instances.keypoints_visible[:] = 0
    width = visualizer.render('x', clip, found).shape[1]
    assert visualizer.render('x', clip, detected).shape[1] == pytest.approx(width * 4 / 5, abs=2)


def test_activation_maps_are_panels_over_the_key_frame(sample):
    visualizer, clip, found = sample
    plain = visualizer.render('x', clip, found)
    maps = torch.zeros(1, 16, 12)
    maps[0, :8, :6] = 1  # the upper left quarter
    shown = deepcopy(found)
    shown.set_field(PixelData(gsm=maps), 'activations', dtype=PixelData)
    covering = ClipPoseVisualizer(name='covering_maps', activation_opacity=1)
    covering.dataset_meta = visualizer.dataset_meta
    picture = covering.render('x', clip, shown).astype(int)
    panels = picture.shape[1] // 6
    assert picture.shape[1] == pytest.approx(plain.shape[1] * 6 / 5, abs=2)
    last = picture[:, -panels:]
    height, width = last.shape[:2]
    upper, lower = last[height // 3, width // 4], last[-height // 5, -width // 4]
    assert upper[0] > upper[2] + 50 and lower[2] > lower[0] + 50  # red and blue
    # Several maps are in the order named
    for parts, red in ((('lrm', 'gsm'), 'above'), (('gsm', 'lrm'), 'below')):
        both = deepcopy(found)
        both.set_field(PixelData(metainfo=dict(parts=parts), gsm=maps, lrm=1 - maps), 'activations', dtype=PixelData)
        last = covering.render('x', clip, both).astype(int)[:, -panels:]
        upper, lower = last[height // 3, width // 4], last[-height // 5, -width // 4]
        assert (upper[0] > lower[0] + 50) == (red == 'above') and (lower[0] > upper[0] + 50) == (red == 'below')
    quiet = ClipPoseVisualizer(name='without_maps', activation_opacity=0)
    quiet.dataset_meta = visualizer.dataset_meta
    assert np.array_equal(quiet.render('x', clip, shown), plain)
    with pytest.raises(ConfigError, match='between 0 and 1, found 2'):
        ClipPoseVisualizer(name='too_much', activation_opacity=2)
