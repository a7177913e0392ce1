import numpy as np
from matplotlib.image import imread
from mmengine.structures import InstanceData
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from mmpose.structures import PoseDataSample

from conftest import REPOSITORY
from mmradar.metainfo import HUPR_METAINFO
from mmradar.visualization import RadarPoseVisualizer
from mmradar.visualization.sample_visualizer import picture_name


def sample(shift=0.0, key_index=0):
    data = PoseDataSample(metainfo=dict(img_id=1, image_size=(256, 256), key_index=key_index))
    pose = np.linspace(40, 200, 28).reshape(1, 14, 2)
    data.gt_instances = InstanceData(keypoints=pose)
    data.pred_instances = InstanceData(keypoints=pose + shift)
    return data


def visualizer():
    drawer = RadarPoseVisualizer(name=f'test_{np.random.default_rng().integers(1 << 40)}')
    drawer.dataset_meta = parse_pose_metainfo(HUPR_METAINFO)
    return drawer


def test_a_picture_with_four_panels_is_written(tmp_path):
    heatmaps = np.random.default_rng(0).normal(size=(3, 2, 2, 64, 8, 64)).astype(np.float32)
    visualizer().add_datasample('name', heatmaps, sample(), out_file=str(tmp_path / 'new' / 'picture.png'))
    picture = imread(tmp_path / 'new' / 'picture.png')
    assert picture.shape[1] > 3 * picture.shape[0] and picture.std() > 0.1


def test_prediction_and_truth_are_drawn_where_they_are():
    heatmaps = np.ones((1, 2, 1, 8, 2, 8), np.float32)
    drawer = visualizer()
    same, moved = (drawer.render('x', heatmaps, sample(shift)).astype(int) for shift in (0, 40))
    width = same.shape[1]
    changed = np.abs(same - moved).sum((0, 2)) > 0
    assert not changed[: 3 * width // 4].any() and changed[3 * width // 4 :].any()  # the last panel is the prediction
    only_truth = drawer.render('x', heatmaps, sample(), draw_pred=False)
    assert only_truth.shape[1] < width


def test_pictures_of_several_people_in_an_image_have_names_of_their_own():
    named = {
        '00000007': dict(img_id=7),
        '00000008': dict(img_id=8, id=8),
        '00000007_00000012': dict(img_id=7, id=12),
        '00000003': dict(id=3),
    }
    assert [picture_name(PoseDataSample(metainfo=meta)) for meta in named.values()] == list(named)
    texts = PoseDataSample(metainfo=dict(img_id='images/a/1.jpg', id='images/a/1.jpg#0'))  # as in PoseTrack17
    assert picture_name(texts) == 'images_a_1.jpg_images_a_1.jpg#0'


def test_the_peak_of_the_key_frame_is_drawn_in_its_bin():
    heatmaps = np.full((3, 1, 1, 16, 2, 16), 1e-3, np.float32)
    heatmaps[2, 0, 0, 12, 1, 3] = 1.0  # right of the middle, near
    seen = sample(key_index=2)
    picture = visualizer().render('x', heatmaps, seen, draw_gt=False, draw_pred=False).astype(int)
    bright = np.argwhere((picture[..., 0] > 230) & (picture[..., 1] > 200) & (picture[..., 2] < 180))
    row, column = bright.mean(0) / picture.shape[:2]
    assert column > 0.6 and row > 0.55


def test_the_meta_file_has_hupr_s_limbs():
    meta = parse_pose_metainfo(HUPR_METAINFO)
    one_based = [
        [14, 13],
        [13, 12],
        [11, 10],
        [10, 9],
        [9, 7],
        [12, 9],
        [8, 7],
        [7, 1],
        [7, 4],
        [6, 5],
        [5, 4],
        [3, 2],
        [2, 1],
    ]
    assert sorted(map(sorted, meta['skeleton_links'])) == sorted(sorted(x - 1 for x in link) for link in one_based)
    assert meta['flip_indices'] == [3, 4, 5, 0, 1, 2, 6, 7, 11, 12, 13, 8, 9, 10]
    assert (REPOSITORY / 'mmradar/metainfo/hupr.py').is_file()
