"""OKS against numbers worked out by hand and against pycocotools."""

import numpy as np
import pytest
import torch
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from mmradar.metainfo import HUPR_SIGMAS
from mmradar.structures import scaled_squared_distance


def test_a_distance_of_three_pixels():
    found = scaled_squared_distance(
        torch.tensor([[3.0, 0.0], [0.0, 0.0]]), torch.zeros(2, 2), torch.tensor(400.0), torch.tensor([0.1, 0.1])
    )
    assert found.tolist() == pytest.approx([9 / (2 * 400 * 0.2**2), 0])


def test_its_mean_is_the_oks_of_pycocotools():
    rng = np.random.default_rng(0)
    truth, area = rng.uniform(50, 200, (14, 2)), 4000.0
    prediction = truth + rng.normal(0, 6, truth.shape)
    sigmas = np.asarray(HUPR_SIGMAS)
    coco = []
    for pose in (truth, prediction):
        keypoints = np.column_stack([pose, np.full(14, 2)]).ravel().tolist()
        entry = dict(id=1, image_id=1, category_id=1, area=area, bbox=[0, 0, 1, 1], iscrowd=0, score=1.0)
        coco.append(COCO())
        coco[-1].dataset = dict(
            images=[dict(id=1)],
            categories=[dict(id=1)],
            annotations=[dict(entry, num_keypoints=14, keypoints=keypoints)],
        )
        coco[-1].createIndex()
    evaluation = COCOeval(*coco, 'keypoints')
    evaluation.params.kpt_oks_sigmas = sigmas
    evaluation._prepare()
    expected = evaluation.computeOks(1, 1).item()
    tensors = [torch.as_tensor(np.asarray(each), dtype=torch.float64) for each in (prediction, truth, area, sigmas)]
    assert torch.exp(-scaled_squared_distance(*tensors)).mean().item() == pytest.approx(expected)
