"""Means over windows, by the poses of each window."""

import numpy as np
import pytest
import torch

from mmradar.apis import RadarPoseInferencer, build_loader, init_model
from mmradar.errors import ConfigError


@pytest.fixture
def inferencer(tiny_config):
    torch.manual_seed(1)
    return RadarPoseInferencer(init_model(tiny_config))


@pytest.mark.parametrize('average, around', [(2, (-1, 0)), (3, (-1, 0, 1)), (9, (-1, 0, 1))])
def test_a_pose_is_the_mean_over_the_windows_around_its_frame(inferencer, average, around):
    """T = 3 with the key frame in the centre: a frame is in three windows, two sequences of five frames."""
    windows = {}
    for batch in build_loader(inferencer.model.cfg):
        with torch.no_grad():
            data = inferencer.model.data_preprocessor(batch, False)
            keypoints, scores = inferencer.model.predict_window(**data)
        windows |= {s.img_id: each for s, *each in zip(data['data_samples'], keypoints.numpy(), scores.numpy())}
    results = list(inferencer('test', average=average, batch_size=3))
    assert len(results) == len(windows) == 10
    for key, result in zip(sorted(windows), results, strict=True):
        assert result['frame'] == key % 100_000
        keys = [other for other in (key + step for step in around) if other in windows]
        for name, part in (('keypoints', 0), ('keypoint_scores', 1)):
            expected = np.mean([windows[other][part][1 + key - other] for other in keys], axis=0)
            np.testing.assert_allclose(result['predictions'][0][name], expected, rtol=1e-5, atol=1e-4)


def test_the_mean_of_one_window_is_its_prediction(inferencer, simulated_root):
    source = simulated_root / 'single_7'
    for one, other in zip(inferencer(source), inferencer(source, average=1), strict=True):
        np.testing.assert_array_equal(one['predictions'][0]['keypoints'], other['predictions'][0]['keypoints'])


def test_what_cannot_be_averaged_is_refused(inferencer, simulated_root, monkeypatch):
    with pytest.raises(ConfigError, match='at least 1 window, found 0'):
        next(inferencer(simulated_root / 'single_7', average=0))
    monkeypatch.setattr(inferencer.model.head, 'key_frame_only', True)
    with pytest.raises(ConfigError, match='predicts the key frame of a window alone'):
        next(inferencer(simulated_root / 'single_7', average=3))
