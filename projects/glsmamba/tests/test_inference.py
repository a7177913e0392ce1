"""Poses of the frames of a video: those of the test set's clips."""

import mmcv
import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate

from glsmamba.inference import inference_video
from mmradar.apis import init_model
from mmradar.errors import ConfigError, DataError
from mmradar.registry import DATASETS

NOBODY = np.empty((0, 4))


@pytest.fixture(scope='module')
def model():
    torch.manual_seed(0)
    # without the frozen network's checkpoint
    parts = {f'model.{part}.init_cfg': None for part in ('backbone', 'upsampling')}
    return init_model('glsmamba::glsmamba_small_synthetic', cfg_options=parts)


@pytest.fixture(scope='module')
def dataset(model):
    return DATASETS.build({**model.cfg.test_dataloader.dataset, 'num_clips': 2, 'cache_dir': None})


def poses(model, samples):
    return np.concatenate([sample.pred_instances.keypoints for sample in model.test_step(pseudo_collate(samples))])


def test_the_middle_frame_has_the_poses_of_the_test_set(model, dataset, tmp_path):
    expected = poses(model, [dataset[0], dataset[1]])
    assert np.ptp(expected, axis=1).min() > 1  # px: joints at different places
    for number in range(2):
        info = dataset.get_data_info(number)
        frames, boxes = info['img'], [NOBODY, NOBODY, info['bbox'], NOBODY, NOBODY]
        files = [tmp_path / f'{number}_{index}.png' for index in range(5)]
        for file, frame in zip(files, frames):
            mmcv.imwrite(mmcv.rgb2bgr(frame), str(file))
        for video in (frames, files):
            found = list(inference_video(model, video, boxes))
            assert [len(people) for people in found] == [0, 0, 1, 0, 0]
            np.testing.assert_allclose(found[2][0].pred_instances.keypoints, expected[number : number + 1], atol=1e-3)
            assert found[2][0].pred_instances.keypoint_scores.shape == (1, 17)


def test_a_frames_clip_is_the_frames_around_it_for_each_person(model, monkeypatch):
    clips = []
    monkeypatch.setattr(model, 'test_step', lambda data: clips.append(data['inputs']) or data['data_samples'])
    frames = [np.full((112, 112, 3), 10 * number, np.uint8) for number in range(7)]
    people = np.array([[20, 10, 60, 90], [40, 20, 100, 110]])
    found = list(inference_video(model, frames, [people[:1], NOBODY, NOBODY, people, NOBODY, people[1:], people]))
    assert [len(samples) for samples in found] == [1, 0, 0, 2, 0, 1, 2]
    seen = [[clip.amax((1, 2, 3)) // 10 for clip in batch] for batch in clips]
    assert [[frames.tolist() for frames in batch] for batch in seen] == [
        [[0, 0, 0, 1, 2]],  # beyond the ends, the last frame is repeated
        [[1, 2, 3, 4, 5]] * 2,
        [[3, 4, 5, 6, 6]],
        [[4, 5, 6, 6, 6]] * 2,
    ]
    boxes = np.concatenate([sample.gt_instances.bboxes for samples in found for sample in samples])
    np.testing.assert_array_equal(boxes, people[[0, 0, 1, 1, 0, 1]])


def test_the_callers_gradients_are_not_turned_off(model, dataset):
    info = dataset.get_data_info(0)
    for _ in inference_video(model, info['img'][:2], [info['bbox'], None]):
        assert torch.is_grad_enabled()
    assert torch.is_grad_enabled()


def test_wrong_videos_are_errors(model, dataset, tmp_path):
    info = dataset.get_data_info(0)
    frames, (box,) = info['img'], info['bbox']
    files = [tmp_path / f'{index}.png' for index in range(4)]
    for file in files:
        mmcv.imwrite(frames[0], str(file))
    with pytest.raises(DataError, match="takes a list of frames, found 'video.mp4'"):
        list(inference_video(model, 'video.mp4', [NOBODY]))
    with pytest.raises(ConfigError, match='a model whose test set has clips'):
        list(inference_video(init_model('millimamba_tiny_simhupr'), frames, [NOBODY] * 5))
    with pytest.raises(DataError, match='a video of 5 frames needs as many lists of boxes, found 2'):
        list(inference_video(model, frames, [[box]] * 2))
    for wrong, message in (
        (box[:3], r'box 0 of frame 2: a box is x1, y1, x2, y2; found an array \(3,\)'),
        (box[[2, 1, 0, 3]], '0 of frame 2.*is empty'),
        (box + 1000, '0 of frame 2.*wholly outside'),
    ):
        with pytest.raises(DataError, match=message):
            list(inference_video(model, frames, [NOBODY, NOBODY, [wrong], NOBODY, NOBODY]))
    with pytest.raises(DataError, match='frame 0 has size'):
        list(inference_video(model, [frames[0][:50], *frames[1:]], [NOBODY, NOBODY, [box], NOBODY, NOBODY]))
    with pytest.raises(DataError, match=r'the support frame none\.png is missing'):
        list(inference_video(model, ['none.png', *files], [NOBODY, NOBODY, [box], NOBODY, NOBODY]))
