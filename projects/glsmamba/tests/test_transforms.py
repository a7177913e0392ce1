import re

import cv2
import numpy as np
import pytest
import torch
from mmpose.datasets.transforms import (
    GenerateTarget,
    GetBBoxCenterScale,
    RandomBBoxTransform,
    RandomFlip,
    TopdownAffine,
)

from glsmamba.datasets.clip import ClipFrames
from glsmamba.datasets.clip_dataset import numpy_seed
from glsmamba.datasets.transforms import LoadClip, PackClipInputs
from glsmamba.datasets.transforms.load_clip import existing_frames
from mmradar.errors import ConfigError, DataError

# which frames


def test_support_frames_are_clamped_at_both_ends():
    frames = ClipFrames()
    assert frames.indices(5, 20).tolist() == [3, 4, 5, 6, 7]
    assert frames.indices(1, 20).tolist() == [0, 0, 1, 2, 3]
    assert frames.indices(19, 20).tolist() == [17, 18, 19, 19, 19]


def test_a_video_of_one_frame_repeats_it():
    assert ClipFrames().indices(0, 1).tolist() == [0] * 5


def test_a_larger_delta_spreads_the_frames_and_one_frame_needs_none():
    assert ClipFrames(5, delta=4).offsets().tolist() == [-4, -2, 0, 2, 4]
    assert ClipFrames(1).offsets().tolist() == [0]


def test_fresh_support_frames_are_distinct_ordered_and_cover_delta():
    frames = ClipFrames(5, delta=4, fresh=True)
    rng = np.random.default_rng(0)
    drawn = np.stack([frames.offsets(rng) for _ in range(200)])
    assert (np.diff(drawn, axis=1) > 0).all() and (drawn[:, 2] == 0).all()
    assert set(drawn.reshape(-1)) == set(range(-4, 5))


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (dict(num_frames=4), 'must be odd'),
        (dict(num_frames=5, delta=1), 'do not fit into delta=1'),
        (dict(num_frames=5, fresh=True), 'set delta to 3 or more'),
    ],
)
def test_impossible_clips(arguments, message):
    with pytest.raises(ConfigError, match=message):
        ClipFrames(**arguments)


# loading


@pytest.fixture
def video(tmp_path):
    """Five frames of 20 x 12 px, frame i of colour (10 i, 1, 2) in RGB."""
    paths = [str(tmp_path / f'{index:06d}.png') for index in range(5)]
    for index, path in enumerate(paths):
        cv2.imwrite(path, np.full((12, 20, 3), (2, 1, 10 * index), np.uint8))
    return paths


def test_frames_are_read_as_rgb_in_order(video):
    results = LoadClip()(dict(clip_paths=[video[i] for i in (0, 0, 1, 2, 3)], id=7))
    assert [image[3, 3].tolist() for image in results['img']] == [[10 * i, 1, 2] for i in (0, 0, 1, 2, 3)]
    assert results['img_shape'] == results['ori_shape'] == (12, 20)
    assert results['img_path'] == video[1]


def test_a_missing_support_frame_is_an_error_or_the_nearest_one(video, tmp_path):
    (tmp_path / '000000.png').unlink()
    (tmp_path / '000003.png').unlink()
    with pytest.raises(DataError, match=r"annotation 7: the support frame .*0.png is missing; .*missing='nearest'"):
        LoadClip()(dict(clip_paths=video, id=7))
    results = LoadClip(missing='nearest')(dict(clip_paths=video, id=7))
    # of 2 and 4, equally near to 3, the one on the key frame's side
    assert [image[0, 0, 0] for image in results['img']] == [10, 10, 20, 20, 40]


def test_the_key_frame_in_place_of_all_others():
    images = [np.full((4, 5, 3), frame, np.uint8) for frame in range(5)]
    loaded = LoadClip(repeat_key=True)(dict(img=images))['img']
    assert [int(image[0, 0, 0]) for image in loaded] == [2] * 5
    assert [int(image[0, 0, 0]) for image in LoadClip()(dict(img=images))['img']] == [0, 1, 2, 3, 4]


def test_the_key_frame_must_exist(video, tmp_path):
    (tmp_path / '000002.png').unlink()
    with pytest.raises(DataError, match='the key frame .*000002.png is missing'):
        existing_frames(video, 'nearest', 'annotation 7')


def test_a_damaged_frame_and_one_of_another_size(video, tmp_path):
    (tmp_path / '000001.png').write_bytes(b'no image')
    with pytest.raises(DataError, match='000001.png is no image that can be read'):
        LoadClip()(dict(clip_paths=video, id=7))
    cv2.imwrite(video[1], np.zeros((6, 6, 3), np.uint8))
    with pytest.raises(DataError, match=re.escape("has size (6, 6), the clip's key frame (12, 20)")):
        LoadClip()(dict(clip_paths=video, id=7))


@pytest.mark.parametrize(
    ('box', 'message'),
    [
        ([5, 5, 5, 9], 'is empty'),
        ([5, 5, np.nan, 9], 'is empty'),
        ([-9, 1, 0, 5], 'wholly outside the image of 20 x 12 px'),
        ([21, 1, 30, 5], 'wholly outside the image of 20 x 12 px'),
    ],
)
def test_boxes_that_hold_nothing(box, message):
    images = [np.zeros((12, 20, 3), np.uint8)] * 3
    with pytest.raises(DataError, match=f'annotation 7, .*{message}'):
        LoadClip()(dict(img=images, bbox=np.array([box]), id=7))


def test_bad_arrays():
    with pytest.raises(DataError, match='a clip without frames'):
        LoadClip()(dict(img=[]))
    with pytest.raises(DataError, match=r'expected \(H, W, 3\) uint8, found \(4, 4\) float64'):
        LoadClip()(dict(img=[np.zeros((4, 4))]))
    with pytest.raises(ConfigError, match='must be one of error, nearest'):
        LoadClip(missing='guess')


# one augmentation a clip


def clip_of_a_dot(**kwargs):
    """Three frames of another brightness each, a dot at (60, 40) in all."""
    images = [cv2.circle(np.full((100, 120, 3), 20 * i, np.uint8), (60, 40), 3, (255,) * 3, -1) for i in range(3)]
    return dict(
        img=images,
        bbox=np.array([[30, 20, 90, 80]], np.float32),
        keypoints=np.array([[[60, 40], [70, 60]]], np.float32),
        keypoints_visible=np.ones((1, 2), np.float32),
        flip_indices=[0, 1],
        id=1,
        **kwargs,
    )


PIPELINE = [
    LoadClip(),
    GetBBoxCenterScale(),
    RandomFlip(prob=0.5),
    RandomBBoxTransform(shift_prob=1.0, rotate_prob=1.0),
    TopdownAffine((48, 64), use_udp=True),
]


def through(steps, results):
    for step in steps:
        results = step(results)
    return results


def test_all_frames_get_the_same_flip_and_affine_map_and_so_do_the_keypoints():
    flips = set()
    for seed in range(6):
        with numpy_seed(np.random.default_rng(seed)):
            results = through(PIPELINE, clip_of_a_dot())
        flips.add(results['flip'])
        x, y = results['transformed_keypoints'][0, 0]
        for image in results['img']:
            assert image.shape == (64, 48, 3)
            rows, columns = np.nonzero(image[..., 0] > 150)
            assert np.hypot(columns.mean() - x, rows.mean() - y) < 0.6
    assert flips == {True, False}


def test_targets_are_mmposes_and_peak_at_the_keypoints():
    codec = dict(type='UDPHeatmap', input_size=(48, 64), heatmap_size=(12, 16), sigma=1)
    steps = [LoadClip(), GetBBoxCenterScale(), TopdownAffine((48, 64), use_udp=True), GenerateTarget(encoder=codec)]
    results = through([*steps, PackClipInputs()], clip_of_a_dot(head_size=np.array([9.0], np.float32), video='v'))
    sample = results['data_samples']
    assert results['inputs'].shape == (3, 3, 64, 48) and results['inputs'].dtype == torch.uint8
    assert results['inputs'][:, :, 60, 3].tolist() == [[20 * i] * 3 for i in range(3)]
    heatmap = sample.gt_fields.heatmaps[0]
    row, column = divmod(int(heatmap.argmax()), 12)
    # the dot, 10 px above the middle of a padded box of 100 px: 25 of 63 rows down
    assert abs(column - 5.5) <= 0.5 and abs(row - 25.2 * 15 / 63) <= 0.5
    assert sample.gt_instance_labels.keypoint_weights.tolist() == [[1.0, 1.0]]
    assert sample.gt_instances.head_size.tolist() == [9.0]
    assert sample.gt_instances.bbox_centers.tolist() == [[60.0, 50.0]]
    assert sample.gt_instances.keypoints.tolist() == [[[60, 40], [70, 60]]]
    assert sample.metainfo['video'] == 'v' and tuple(sample.metainfo['input_size']) == (48, 64)


def test_a_box_partly_outside_gives_a_black_border():
    results = clip_of_a_dot()
    results['img'] = [np.full((100, 120, 3), 200, np.uint8)] * 3
    results['bbox'] = np.array([[-60, 0, 60, 100]], np.float32)
    results = through([LoadClip(), GetBBoxCenterScale(1.0), TopdownAffine((48, 64))], results)
    for image in results['img']:
        assert (image[20:44, :20] == 0).all() and (image[20:44, 28:] == 200).all()


def test_packing_needs_a_list_of_images():
    with pytest.raises(DataError, match='the pipeline of a clip starts with LoadClip'):
        PackClipInputs()(dict(img=np.zeros((4, 4, 3), np.uint8)))


def test_numpy_seed_leaves_the_global_generator_as_it_was():
    np.random.seed(3)
    expected = np.random.rand(2)
    np.random.seed(3)
    first = np.random.rand()
    with numpy_seed(np.random.default_rng(0)):
        inside = np.random.rand()
    with numpy_seed(np.random.default_rng(0)):
        assert np.random.rand() == inside
    assert [first, np.random.rand()] == expected.tolist()
