"""What a pipeline hands to the network."""

import numpy as np
import torch

from mmradar.datasets.transforms import PackRadarInputs

FRAMES, JOINTS = 4, 3
SIGMAS = np.array([0.1, 0.2, 0.3], np.float32)


def window(dims=2, key_index=2, **more):
    rng = np.random.default_rng(0)
    places = dict(image_size=(640, 480)) if dims == 2 else dict(volume_m=((-1, 0, 0), (1, 4, 2)))
    return dict(
        heatmap=rng.normal(size=(FRAMES, 2, 2, 4, 8, 6)).astype(np.float32),
        key_index=key_index,
        img_id=7,
        sigmas=SIGMAS,
        keypoints=rng.uniform(1, 2, (FRAMES, JOINTS, dims)).astype(np.float32),
        keypoints_visible=np.ones((FRAMES, JOINTS), np.float32),
        **places,
        **more,
    )


def boxed(results):
    return dict(results, areas=np.arange(1.0, FRAMES + 1, dtype=np.float32), bbox=np.array([1, 2, 30, 40], np.float32))


def test_a_window_with_labels():
    results = boxed(window())
    packed = PackRadarInputs()(results)
    sample, labels = packed['data_samples'], packed['data_samples'].gt_instance_labels
    np.testing.assert_array_equal(packed['inputs'], results['heatmap'])
    assert labels.keypoints.dtype == torch.float32
    np.testing.assert_array_equal(labels.keypoints, results['keypoints'])  # px: no image size in them
    assert labels.keypoint_weights.tolist() == np.ones((FRAMES, JOINTS)).tolist()
    assert labels.areas.tolist() == [1, 2, 3, 4]
    assert sample.metainfo['image_size'] == (640, 480) and sample.metainfo['key_index'] == 2
    np.testing.assert_array_equal(sample.metainfo['sigmas'], SIGMAS)
    assert sample.gt_instances.bboxes.tolist() == [[1, 2, 30, 40]]


def test_the_key_frame_is_the_one_that_the_window_says():
    for key in range(FRAMES):
        results = boxed(window(key_index=key))
        found = PackRadarInputs()(results)['data_samples'].gt_instances
        np.testing.assert_array_equal(found.keypoints, results['keypoints'][None, key])
        assert found.keypoints_visible.shape == (1, JOINTS) and found.areas.tolist() == [key + 1]


def test_joints_that_do_not_count_may_be_anywhere():
    results = boxed(window())
    results['keypoints_visible'][1, 0] = results['keypoints_visible'][2, 2] = 0
    results['keypoints'][1, 0], results['keypoints'][2, 2] = np.nan, (np.inf, 3)
    labels = PackRadarInputs()(results)['data_samples'].gt_instance_labels
    assert labels.keypoints.isfinite().all() and labels.keypoints[1, 0].tolist() == labels.keypoints[2, 2].tolist() == [
        0,
        0,
    ]
    assert labels.keypoint_weights.sum() == FRAMES * JOINTS - 2
    others = labels.keypoint_weights > 0
    np.testing.assert_array_equal(labels.keypoints[others], results['keypoints'][others.numpy()])


def test_labels_in_three_dimensions_have_neither_area_nor_box():
    sample = PackRadarInputs()(window(dims=3))['data_samples']
    assert sample.gt_instance_labels.keypoints.shape == (FRAMES, JOINTS, 3)
    assert set(sample.gt_instance_labels.keys()) == {'keypoints', 'keypoint_weights'}
    assert set(sample.gt_instances.keys()) == {'keypoints', 'keypoints_visible'}
    assert sample.metainfo['volume_m'] == ((-1, 0, 0), (1, 4, 2)) and 'image_size' not in sample.metainfo


def test_a_bare_recording_needs_no_labels():
    results = {key: value for key, value in window().items() if not key.startswith('keypoints')}
    sample = PackRadarInputs()(results)['data_samples']
    assert 'gt_instances' not in sample and 'gt_instance_labels' not in sample
    assert sample.metainfo['key_index'] == 2 and sample.metainfo['img_id'] == 7


def test_only_the_meta_information_asked_for_is_kept():
    sample = PackRadarInputs(meta_keys=('img_id', 'frame'))(boxed(window()))['data_samples']
    assert set(sample.metainfo) == {'img_id'}
