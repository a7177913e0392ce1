import numpy as np
import pytest

from mmradar.datasets import HuPRDataset
from mmradar.visualization import PoseCanvas, heatmap_level

META = HuPRDataset._load_metainfo()


def coloured(picture):
    """Places of pixels that differ from the corner's, the background: (n, 2) of x, y."""
    return np.argwhere((picture != picture[0, 0]).any(-1))[:, ::-1]


def test_a_skeleton_is_drawn_at_its_place_and_the_truth_in_grey():
    pose = np.random.default_rng(0).uniform(100, 156, (14, 2))
    canvas = PoseCanvas(META, (256, 256))
    assert canvas.size == (512, 512)
    places = coloured(canvas.draw([pose]))
    np.testing.assert_allclose(places.min(0), 2 * pose.min(0), atol=6)
    np.testing.assert_allclose(places.max(0), 2 * pose.max(0), atol=6)
    grey = canvas.draw([], truth=[pose])
    strokes = grey[(grey != grey[0, 0]).any(-1)].astype(int)
    assert len(strokes) and (strokes.max(-1) - strokes.min(-1)).max() <= 12  # no colour but the background's tinge


def test_joints_that_are_nowhere_are_left_out_and_those_far_outside_do_no_harm():
    pose = np.full((14, 2), 128.0)
    pose[3] = np.nan
    pose[5] = 1e9
    picture = PoseCanvas(META, (256, 256)).draw([pose])
    assert picture.shape == (512, 512, 3) and len(coloured(picture))
    assert not len(coloured(PoseCanvas(META).draw([np.full((14, 2), np.nan)])))


def test_right_is_right_and_up_is_up():
    """A target towards the last antenna lies at low angle bins."""
    heatmap = np.zeros((1, 32, 8, 64), np.float32)
    heatmap[0, 4, 2, 48] = 1
    canvas = PoseCanvas(META, (256, 256), ('hori', 'vert'))
    assert canvas.size == (768, 512)
    picture = canvas.draw([], [heatmap, heatmap]).astype(int).sum(-1)
    above, side = picture[20:256, 512:], picture[276:, 512:]
    row, column = np.unravel_index(above.argmax(), above.shape)
    assert column > 200 and row + 20 < 80  # far to the right, and far away, upwards
    row, column = np.unravel_index(side.argmax(), side.shape)
    assert row + 20 < 50 and column > 180  # far up, and far away, to the right


@pytest.mark.parametrize('channels', [1, 2])
def test_levels_begin_at_the_median_and_end_at_the_peak(channels):
    heatmap = np.random.default_rng(0).normal(size=(channels, 8, 4, 16))
    heatmap[:, 3, 1, 7] = 50
    level = heatmap_level(heatmap)
    assert level.shape == (8, 16) and level.max() == level[3, 7] == 1 and level.min() == 0
    assert 0.4 < (level == 0).mean() < 0.6
    assert (heatmap_level(np.zeros((channels, 8, 4, 16))) == 0).all()


def test_bones_of_uncertain_joints_are_dimmer():
    canvas, pose = PoseCanvas(META), np.random.default_rng(0).uniform(60, 190, (14, 2))
    certain = canvas.draw([pose], scores=[np.ones(14)]).astype(int)
    np.testing.assert_array_equal(certain, canvas.draw([pose]))
    doubtful = np.ones(14)
    doubtful[META['skeleton_links'][0][1]] = 0
    dim = canvas.draw([pose], scores=[doubtful]).astype(int)
    all_dim = canvas.draw([pose], scores=[np.zeros(14)]).astype(int)
    assert all_dim.max() < 0.35 * certain.max() and len(coloured(all_dim)) > 0
    assert all_dim.sum() < dim.sum() < certain.sum()
