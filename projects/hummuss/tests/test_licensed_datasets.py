"""Data sets that are requested from their authors, on files made in their form."""

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hummuss.datasets import MPIINF3DHPDataset, NTURGBDSkeletonDataset
from hummuss.datasets.ntu_rgbd_skeleton import read_ntu_skeleton
from hummuss.evaluation import ActionAccuracy
from mmradar.errors import ConfigError, DataError
from mmradar.registry import DATASETS


def mpi_file(path, names, **changes):
    rng = np.random.default_rng(0)
    part = np.concatenate([rng.uniform(0, 2048, (len(names), 17, 2)), np.ones((len(names), 17, 1))], -1)
    labels = np.concatenate([rng.normal(size=(len(names), 17, 3)), np.ones((len(names), 17, 1))], -1)
    arrays = {**dict(imgname=np.array(names), part=part, S=labels), **changes}
    np.savez(path, **{key: value for key, value in arrays.items() if value is not None})
    return arrays


TRAIN = [f'S1_Seq2_Cam{camera}_{frame:06d}.jpg' for camera in (0, 4) for frame in range(1, 26)]
TEST = [f'TS5_{frame:06d}.jpg' for frame in [*range(3, 15), *range(40, 45)]]


def test_mpi_inf_3dhp_is_cut_into_windows_of_one_video(tmp_path):
    arrays = mpi_file(tmp_path / 'a.npz', TRAIN)
    dataset = DATASETS.build(dict(type='MPIINF3DHPDataset', ann_file='a.npz', data_root=str(tmp_path), num_frames=10))
    assert len(dataset) == 6
    sample = dataset[4]['data_samples']
    assert (sample.clip_id, sample.window, sample.action) == ('S1_Seq2_Cam4', 11, 'S1_Seq2')
    rows = slice(35, 45)
    labels = arrays['S'][rows, :, :3]
    torch.testing.assert_close(
        sample.gt_instance_labels.keypoints_3d, torch.tensor(labels - labels[:, 14:15]).float(), atol=1e-5, rtol=0
    )
    expected = torch.tensor(arrays['part'][rows, :, :2] / 1024 - 1).float()
    torch.testing.assert_close(dataset[4]['inputs'][..., :2], expected, atol=1e-5, rtol=0)
    rest = dataset[5]
    assert (
        rest['data_samples'].gt_instance_labels.keypoint_weights.sum(1) == torch.tensor([17.0] * 5 + [0.0] * 5)
    ).all()
    assert not rest['inputs'][5:].any()
    assert len(MPIINF3DHPDataset(ann_file=str(tmp_path / 'a.npz'), num_frames=10, short='drop')) == 4
    assert dataset.metainfo['keypoint_id2name'][14] == 'root'


def test_mpi_inf_3dhp_counts_every_frame_once_and_crosses_no_gap(tmp_path):
    mpi_file(tmp_path / 'a.npz', TEST)
    dataset = MPIINF3DHPDataset(ann_file=str(tmp_path / 'a.npz'), num_frames=10)
    weights = [sample['data_samples'].gt_instance_labels.keypoint_weights[:, 0].sum() for sample in dataset]
    assert weights == [10, 2, 5]
    assert dataset[0]['data_samples'].image_size == (1920, 1080)
    overlapping = MPIINF3DHPDataset(ann_file=str(tmp_path / 'a.npz'), num_frames=10, stride=4)
    counted = np.zeros(50)
    for sample in overlapping:
        start = sample['data_samples'].window
        counted[start : start + 10] += sample['data_samples'].gt_instance_labels.keypoint_weights[:, 0].numpy()
    assert (counted[3:15] > 0).all() and (counted[40:45] > 0).all() and counted.sum() == counted[3:45].sum()


@pytest.mark.parametrize(('sequence', 'scale'), [('S1_Seq1', 1), ('S1_Seq2', 0.5), ('S5_Seq1', 0.5), ('S8_Seq2', 1)])
def test_mpi_inf_3dhp_sequences_of_50_hz_have_half_the_steps(tmp_path, sequence, scale):
    mpi_file(tmp_path / 'a.npz', [f'{sequence}_Cam0_{frame:06d}.jpg' for frame in range(1, 11)])
    options = dict(ann_file=str(tmp_path / 'a.npz'), num_frames=10)
    assert MPIINF3DHPDataset(**options)[0]['data_samples'].delta_scale == scale
    assert MPIINF3DHPDataset(frame_rate_hz=50.0, **options)[0]['data_samples'].delta_scale == 2 * scale
    with pytest.raises(ConfigError, match='frame_rate_hz'):
        MPIINF3DHPDataset(frame_rate_hz=0, **options)


def test_outside_the_wide_images_of_two_test_subjects_joints_are_missing(tmp_path):
    part = mpi_file(tmp_path / 'a.npz', TEST)['part']
    part[0, :3, :2] = [[1919, 1079], [1920, 500], [500, 1080]]  # the converter's images are 2048 x 2048
    mpi_file(tmp_path / 'a.npz', TEST, part=part)
    confidence = MPIINF3DHPDataset(ann_file=str(tmp_path / 'a.npz'), num_frames=10)[0]['inputs'][0, :3, 2]
    assert confidence.tolist() == [1, 0, 0]


def test_a_joint_outside_the_image_is_missing_in_2d_only(tmp_path):
    arrays = mpi_file(tmp_path / 'a.npz', TRAIN)
    arrays['part'][2, 5, 2] = 0
    mpi_file(tmp_path / 'a.npz', TRAIN, part=arrays['part'])
    sample = MPIINF3DHPDataset(ann_file=str(tmp_path / 'a.npz'), num_frames=10)[0]
    assert not sample['inputs'][2, 5].any()
    assert sample['data_samples'].gt_instance_labels.keypoint_weights[2, 5] == 1


def test_mpi_inf_3dhp_is_mirrored_by_pairs_of_its_joints(tmp_path):
    mpi_file(tmp_path / 'a.npz', TRAIN)
    options = dict(ann_file=str(tmp_path / 'a.npz'), num_frames=10)
    plain, flipped = (MPIINF3DHPDataset(flip_prob=share, **options) for share in (0.0, 1.0))
    swap, names = plain[0]['data_samples'].flip_indices, plain.metainfo['keypoint_id2name']
    pairs = {names[index]: names[other] for index, other in enumerate(swap)}
    assert pairs['root'] == 'root' and pairs['left_shoulder'] == 'right_shoulder'
    turn = torch.tensor([-1.0, 1.0, 1.0])
    for one, other in zip(plain, flipped):
        assert torch.equal(other['inputs'], one['inputs'][:, swap] * turn)
        labels = [sample['data_samples'].gt_instance_labels for sample in (one, other)]
        assert torch.equal(labels[1].keypoints_3d, labels[0].keypoints_3d[:, swap] * turn)
        assert other['data_samples'].flip and not one['data_samples'].flip


def test_other_windows_of_mpi_inf_3dhp_are_mirrored_in_other_epochs(tmp_path):
    mpi_file(tmp_path / 'a.npz', TRAIN)
    dataset = MPIINF3DHPDataset(ann_file=str(tmp_path / 'a.npz'), num_frames=2, flip_prob=0.5)

    def flips(epoch):
        dataset.set_epoch(epoch)
        return [sample['data_samples'].flip for sample in dataset]

    assert flips(0) == flips(0) != flips(1)
    assert 0.2 < np.mean(flips(0) + flips(1)) < 0.8


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (dict(S=None), "no array 'S'"),
        (dict(S=np.zeros((50, 16, 4))), r"'S' \(50, 17, 4\).*\(50, 16, 4\)"),
        (dict(part=np.zeros((49, 17, 3))), r"'part' \(50, 17, 3\)"),
        (dict(imgname=np.array(['a.jpg'] * 50)), "name 0 is 'a.jpg'"),
        (dict(imgname=np.arange(50)), 'list of names'),
        (dict(S=np.random.default_rng(0).normal(0, 600, (50, 17, 4))), "'S' must be in m"),
    ],
)
def test_other_annotations_are_errors(tmp_path, changes, message):
    mpi_file(tmp_path / 'a.npz', TRAIN, **changes)
    with pytest.raises(DataError, match=message):
        MPIINF3DHPDataset(ann_file=str(tmp_path / 'a.npz'), num_frames=10)


def test_nan_joints_of_mpi_inf_3dhp_are_an_error_that_says_where(tmp_path):
    labels = mpi_file(tmp_path / 'a.npz', TRAIN)['S']
    labels[12, 3] = np.nan
    mpi_file(tmp_path / 'a.npz', TRAIN, S=labels)
    dataset = MPIINF3DHPDataset(ann_file=str(tmp_path / 'a.npz'), num_frames=10)
    dataset[0]
    with pytest.raises(DataError, match='S1_Seq2_Cam0 from frame 11: the 3D joint 3 in frame 2'):
        dataset[1]


def test_missing_licensed_data_is_an_error_that_says_where_it_is_from(tmp_path):
    with pytest.raises(DataError, match=r'no MPI-INF-3DHP(.|\n)*preprocess_mpi_inf_3dhp(.|\n)*hummuss_small_motion'):
        MPIINF3DHPDataset(ann_file=str(tmp_path / 'none.npz'))
    with pytest.raises(DataError, match=r'no .skeleton files(.|\n)*rose1'):
        NTURGBDSkeletonDataset(data_root=str(tmp_path / 'none'))


@pytest.mark.parametrize('kwargs', [dict(num_frames=1), dict(stride=0), dict(short='error'), dict(flip_prob=-0.1)])
def test_impossible_arguments_of_mpi_inf_3dhp_are_errors(kwargs):
    with pytest.raises(ConfigError):
        MPIINF3DHPDataset(ann_file='a.npz', **kwargs)


# NTU-RGB+D


def skeleton_text(frames):
    """``frames`` is a list of {body id: x of all joints}."""
    lines = [str(len(frames))]
    for bodies in frames:
        lines.append(str(len(bodies)))
        for body, x in bodies.items():
            lines += [f'{body} 0 1 1 1 1 0 -0.1 0.2 2', '25']
            for joint in range(25):
                lines.append(f'{x} {joint / 10} 3.5 200 210 {960 + 100 * joint} 540 0.1 0.2 0.3 0.4 {2 - joint % 2}')
    return '\n'.join(lines) + '\n'


def write(folder, name, frames):
    (folder / f'{name}.skeleton').write_text(skeleton_text(frames))


def test_skeleton_files_are_read(tmp_path):
    write(tmp_path, 'a', [{'72057594037931101': 0.5}, {}, {'72057594037931101': 0.7, '7': -1.0}])
    skeleton = read_ntu_skeleton(tmp_path / 'a.skeleton')
    assert skeleton.body_ids == ('72057594037931101', '7')
    assert skeleton.joints_m.shape == (2, 3, 25, 3)
    np.testing.assert_array_equal(skeleton.joints_m[0, :, 4, 0], [0.5, np.nan, 0.7])
    np.testing.assert_array_equal(skeleton.joints_m[0, 0, 4], [0.5, 0.4, 3.5])
    np.testing.assert_array_equal(skeleton.color_px[0, 0, 2], [1160, 540])
    np.testing.assert_array_equal(skeleton.tracking[:, :, 1], [[1, 0, 1], [0, 0, 1]])


def test_joints_that_are_no_numbers_are_absent(tmp_path):
    text = skeleton_text([{'1': 0.5}]).replace('0.5 0.3 3.5', 'NaN 0.3 3.5').replace('1160 540', 'NaN 540')
    (tmp_path / 'a.skeleton').write_text(text)
    skeleton = read_ntu_skeleton(tmp_path / 'a.skeleton')
    assert np.isnan(skeleton.joints_m[0, 0, 3]).all() and skeleton.tracking[0, 0, 3] == 0
    assert np.isnan(skeleton.color_px[0, 0, 2]).all() and skeleton.tracking[0, 0, 2] == 2


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (lambda text: '', 'line 1: expected the number of frames'),
        (lambda text: text.replace('2\n1\n', '2\n9\n', 1), 'line 2: expected the number of bodies, 0 to 6'),
        (lambda text: text.replace('\n25\n', '\n24\n', 1), '25 joints.*24'),
        (lambda text: text.replace(' 540 ', ' 54O ', 1), 'joint 0, 12 numbers'),
        (lambda text: text[: len(text) // 2], 'expected'),
        (lambda text: '3' + text[1:], 'line 58|ends after'),
        (lambda text: '1' + text[1:], 'the end after 1 frames'),
        (lambda text: '99999999999' + text[1:], 'number of frames'),
    ],
)
def test_damaged_skeleton_files_are_errors_that_name_the_line(tmp_path, change, message):
    (tmp_path / 'a.skeleton').write_text(change(skeleton_text([{'1': 0.5}, {'1': 0.6}])))
    with pytest.raises(DataError, match=message):
        read_ntu_skeleton(tmp_path / 'a.skeleton')


def test_a_recording_without_bodies_is_an_error(tmp_path):
    write(tmp_path, 'a', [{}, {}])
    with pytest.raises(DataError, match='no frame of 2 holds a body'):
        read_ntu_skeleton(tmp_path / 'a.skeleton')


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_text_is_read_or_refused(tmp_path, data):
    text = skeleton_text([{'1': 0.5}, {'1': 0.6, '2': 1.0}])
    start = data.draw(st.integers(0, len(text)))
    stop = data.draw(st.integers(start, min(len(text), start + 200)))
    junk = data.draw(
        st.one_of(st.binary(max_size=40), st.sampled_from([b'NaN', b'inf', b'-1', b'1e999', b'\n', b'25']))
    )
    (tmp_path / 'a.skeleton').write_bytes(text[:start].encode() + junk + text[stop:].encode())
    try:
        skeleton = read_ntu_skeleton(tmp_path / 'a.skeleton')
    except DataError as error:
        assert 'a.skeleton' in str(error)
    else:
        assert np.isfinite(skeleton.joints_m[skeleton.tracking > 0]).all()
        assert set(np.unique(skeleton.tracking)) <= {0, 1, 2}


def test_ntu_is_split_by_subject_or_camera_and_labelled(tmp_path):
    names = ['S001C001P001R001A001', 'S001C002P003R001A060', 'S001C003P003R002A012']
    for name in names:
        write(tmp_path, name, [{'1': 0.5}] * 3)

    def ids(**kwargs):
        return [s['data_samples'].clip_id for s in NTURGBDSkeletonDataset(data_root=str(tmp_path), **kwargs)]

    assert ids(split='train') == names[:1] and ids(split='test') == names[1:]
    assert ids(split='train', protocol='xview') == names[1:] and ids(split='test', protocol='xview') == names[:1]
    assert ids(split='test', ignore=names[1:2]) == names[2:]
    dataset = DATASETS.build(dict(type='NTURGBDSkeletonDataset', data_root=str(tmp_path), split='test'))
    assert [sample['data_samples'].gt_label for sample in dataset] == [59, 11]
    with pytest.raises(DataError, match='none of 3 recordings'):
        ids(split='test', ignore=names[1:])


def test_one_shot_of_ntu_120_splits_actions_and_marks_the_exemplars(tmp_path):
    names = [f'S{1 if action <= 60 else 18:03d}C003P008R001A{action:03d}' for action in range(1, 121, 6)]
    for name in [*names, 'S002C001P009R002A007', 'S001C001P008R001A002', 'S020C001P050R001A120']:
        write(tmp_path, name, [{'1': 0.5}] * 3)
    kwargs = dict(data_root=str(tmp_path), protocol='one_shot')
    train = NTURGBDSkeletonDataset(split='train', **kwargs)
    assert [sample['data_samples'].gt_label for sample in train] == [1, 119]
    assert [train.get_cat_ids(0), train.get_cat_ids(1)] == [[1], [119]]
    test = [sample['data_samples'] for sample in NTURGBDSkeletonDataset(split='test', **kwargs)]
    assert {sample.gt_label for sample in test} == set(range(0, 120, 6))
    assert sorted(sample.clip_id for sample in test if sample.exemplar) == sorted(names)
    assert [sample.person for sample in test if not sample.exemplar] == ['P009']
    (tmp_path / f'{names[10]}.skeleton').unlink()
    with pytest.raises(DataError, match='1 of the 20 exemplars of the one-shot test are missing, first S018'):
        NTURGBDSkeletonDataset(split='test', **kwargs)
    # In the same folder, NTU RGB+D has the actions 1 to 60 only
    xsub = NTURGBDSkeletonDataset(data_root=str(tmp_path), split='train')
    assert {sample['data_samples'].gt_label for sample in xsub} == {0, 1, *range(6, 60, 6)}


def test_recordings_without_skeletons_are_left_out_by_the_authors_list(tmp_path):
    for name in ('S001C001P001R001A001', 'S001C001P001R001A002'):
        write(tmp_path, name, [{'1': 0.5}] * 3 if name.endswith('1') else [{}] * 3)
    with pytest.raises(
        DataError, match=r'A002\.skeleton: no frame of 3 holds a body\. Leave .*ignore=.NTU_RGBD_samples'
    ):
        NTURGBDSkeletonDataset(data_root=str(tmp_path))[1]
    listed = tmp_path / 'missing.txt'
    listed.write_text('There are 2 samples of "NTU RGB+D"\n\nS001C001P001R001A002\nS001C002P005R002A008\n')
    dataset = NTURGBDSkeletonDataset(data_root=str(tmp_path), ignore=str(listed))
    assert [sample['data_samples'].clip_id for sample in dataset] == ['S001C001P001R001A001']
    with pytest.raises(ConfigError, match=r'ignore: no file .*none\.txt'):
        NTURGBDSkeletonDataset(data_root=str(tmp_path), ignore=str(tmp_path / 'none.txt'))


def test_ntu_samples_have_persons_in_order_and_a_rate(tmp_path):
    write(tmp_path, 'S001C001P001R001A005', [{'few': 0.1}] + [{'many': 0.2}] * 7)
    sample = NTURGBDSkeletonDataset(data_root=str(tmp_path), num_frames=4, max_persons=3)[0]
    assert sample['inputs'].shape == (3, 4, 25, 3) and sample['inputs'].dtype == torch.float32
    assert sample['data_samples'].delta_scale == 2.0
    assert sample['inputs'][0, :, 0, 2].tolist() == [0, 1, 1, 1]
    assert sample['inputs'][1, :, 1, 2].tolist() == [0.5, 0, 0, 0]
    assert not sample['inputs'][2].any()
    torch.testing.assert_close(sample['inputs'][0, 1, 2], torch.tensor([200 / 960, 0.0, 1.0]))


def test_ntu_samples_are_moved_at_random_in_every_epoch(tmp_path):
    write(tmp_path, 'S001C001P001R001A005', [{'few': 0.1}] + [{'many': 0.2}] * 7)
    still = NTURGBDSkeletonDataset(data_root=str(tmp_path))[0]['inputs']
    dataset = NTURGBDSkeletonDataset(data_root=str(tmp_path), random_move=True)
    first, again = dataset[0]['inputs'], dataset[0]['inputs']
    dataset.set_epoch(1)
    assert torch.equal(first, again) and not torch.equal(first, still) and not torch.equal(first, dataset[0]['inputs'])
    assert torch.equal(first[..., 2], still[..., 2]) and not first[still[..., 2] == 0].any()


def test_other_names_and_actions_are_errors(tmp_path):
    write(tmp_path, 'S001C001P001R001A121', [{'1': 0.5}])
    with pytest.raises(DataError, match='action 121; expected 1 to 120'):
        NTURGBDSkeletonDataset(data_root=str(tmp_path))
    (tmp_path / 'S001C001P001R001A121.skeleton').unlink()
    write(tmp_path, 'A', [{'1': 0.5}])
    with pytest.raises(DataError, match='expected a name such as'):
        NTURGBDSkeletonDataset(data_root=str(tmp_path))


@pytest.mark.parametrize('kwargs', [dict(split='val'), dict(protocol='x'), dict(num_frames=0), dict(max_persons=0)])
def test_impossible_arguments_of_ntu_are_errors(kwargs):
    with pytest.raises(ConfigError):
        NTURGBDSkeletonDataset(data_root='x', **kwargs)


def test_ntu_samples_train_the_action_recogniser(tmp_path):
    import hummuss  # noqa: F401
    from mmradar.registry import MODELS

    write(tmp_path, 'S001C001P001R001A005', [{'1': 0.5}] * 5)
    write(tmp_path, 'S001C001P001R001A006', [{'1': 0.5, '2': 0.1}] * 7)
    dataset = NTURGBDSkeletonDataset(data_root=str(tmp_path))
    samples = [dataset[0], dataset[1]]
    model = MODELS.build(
        dict(
            type='HumMUSSActionRecognizer',
            backbone=dict(num_joints=25, embed_dims=8, depth=1),
            head=dict(type='ActionHead', num_classes=60),
        )
    )
    losses = model([s['inputs'] for s in samples], [s['data_samples'] for s in samples], mode='loss')
    assert torch.isfinite(losses['loss_action'])


# accuracy


def clip(scores, label):
    return dict(pred_score=torch.tensor(scores), gt_label=label)


def test_accuracy_counts_the_best_and_weighs_actions_alike():
    metric = ActionAccuracy(top_k=(1, 2))
    metric.process([], [clip([0.6, 0.3, 0.1], 0), clip([0.2, 0.3, 0.5], 1), clip([0.6, 0.3, 0.1], 2)])
    metric.process([], [clip([0.6, 0.3, 0.1], 0)])
    found = metric.evaluate(4)
    assert found == {
        'action/top1': 50.0,
        'action/top2': 75.0,
        'action/mean_class': pytest.approx(100 / 3),
    }


def test_a_model_that_scores_all_alike_is_not_right():
    metric = ActionAccuracy()
    metric.process([], [clip([0.1] * 10, label) for label in range(10)])
    assert metric.evaluate(10) == {'action/top1': 0.0, 'action/top5': 0.0, 'action/mean_class': 0.0}


@pytest.mark.parametrize(
    ('sample', 'message'),
    [
        (dict(gt_label=1), 'pred_score'),
        (dict(pred_score=torch.ones(3)), 'gt_label'),
        (clip([0.5, 0.5], 2), 'more than 2 actions'),
        (clip([float('nan'), 0.5], 0), 'finite'),
        (dict(clip([0.1, float('inf'), 0.5], 0), id='S001'), '1 of 3 scores of S001 are not finite.*diverged'),
    ],
)
def test_what_accuracy_cannot_score_is_an_error(sample, message):
    with pytest.raises(DataError, match=message):
        ActionAccuracy().process([], [sample])


def test_accuracy_of_nothing_is_an_error():
    with pytest.raises(ConfigError, match='nothing to evaluate'):
        ActionAccuracy().compute_metrics([])
    with pytest.raises(ConfigError, match='top_k'):
        ActionAccuracy(top_k=())
