import json
import shutil
import struct

import numpy as np
import pytest
import torch
from mmengine.dataset import ConcatDataset
from mmengine.evaluator import Evaluator
from mmengine.structures import InstanceData

from conftest import SMALL_PLAN, SMALL_RADAR, logged
from mmradar.datasets import HuPRDataset
from mmradar.errors import ConfigError, DataError
from mmradar.radar import ADCFileError, heatmap_3d, open_recording, remove_static_clutter
from mmradar.radar.packets import PACKET_BYTES


def dataset(root, **options):
    options = dict(ann_file='hrnet_annot_train.json', split='train', radar=SMALL_RADAR, window=3) | options
    return HuPRDataset(data_root=str(root), pipeline=[], **options)


@pytest.fixture
def damaged_root(simulated_root, tmp_path):
    """A copy to break."""
    return shutil.copytree(simulated_root, tmp_path / 'set')


def test_every_frame_is_a_centre_and_windows_are_clamped(simulated_root):
    data = dataset(simulated_root)
    assert len(data) == 4 * 5
    assert [data.get_data_info(i)['img_id'] for i in (0, 4, 5)] == [100_000, 100_004, 200_000]
    windows = [data.get_data_info(i)['frame_indices'].tolist() for i in range(5)]
    assert windows == [[0, 0, 1], [0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 4]]
    long = dataset(simulated_root, window=9).get_data_info(1)
    assert long['frame_indices'].tolist() == [0, 0, 0, 0, 1, 2, 3, 4, 4]


def test_every_nth_sequence_keeps_its_labels(simulated_root):
    whole, half = dataset(simulated_root), dataset(simulated_root, sequence_step=2)
    assert half.sequences == whole.sequences[::2] and half.sequence_lengths() == [5, 5]
    for index in range(10):
        got, expected = half.get_data_info(index), whole.get_data_info(index + (5 if index >= 5 else 0))
        assert got['img_id'] == expected['img_id']
        np.testing.assert_array_equal(got['keypoints'], expected['keypoints'])
        assert got['recordings']['hori'].path == expected['recordings']['hori'].path
    with pytest.raises(ConfigError, match='sequence_step must be at least 1, found 0'):
        dataset(simulated_root, sequence_step=0)


def test_labels_are_those_of_the_window(simulated_root):
    annotation = json.loads((simulated_root / 'hrnet_annot_train.json').read_text())
    info = dataset(simulated_root).get_data_info(7)  # sequence 2, frame 2
    np.testing.assert_allclose(info['keypoints'], [annotation[1][f]['joints'] for f in (1, 2, 3)], rtol=1e-6)
    x1, y1, x2, y2 = annotation[1][2]['bbox']
    assert info['areas'][1] == pytest.approx((x2 - x1) * (y2 - y1) / 2)
    assert str(info['recordings']['vert'].path).endswith('single_2/vert/adc_data.bin')


def test_pipeline_gives_the_heatmap_of_the_raw_files(simulated_root, tiny_config):
    options = tiny_config.test_dataloader.dataset
    data = HuPRDataset(**{k: v for k, v in options.items() if k != 'type'})
    packed = data[3]
    assert packed['inputs'].shape == (3, 2, 2, 64, 8, 64) and packed['inputs'].dtype == torch.float32
    cube = open_recording(simulated_root / 'single_7/vert/adc_data.bin', SMALL_PLAN.radar_config).cube([4])
    order = SMALL_PLAN.radar_config.azimuth_first_order
    expected = heatmap_3d(remove_static_clutter(cube), range_bins=(31, 95), antenna_order=order)[0].imag
    expected = (expected - expected.mean((0, 2), keepdims=True)) / expected.std((0, 2), keepdims=True)
    # the bin of rest is empty when all loops are kept; what is standardised there is rounding
    moving = [doppler for doppler in range(8) if doppler != 4]
    np.testing.assert_allclose(packed['inputs'][2, 1, 1][:, moving], expected[:, moving], atol=1e-4)
    labels = packed['data_samples'].gt_instance_labels
    assert labels.keypoints.shape == (3, 14, 2) and 1 < labels.keypoints.max() <= 256
    assert packed['data_samples'].gt_instances.keypoints.shape == (1, 14, 2)


def test_results_do_not_depend_on_the_number_of_workers(tiny_config):
    from mmengine.runner import Runner

    loader = tiny_config.test_dataloader
    batches = []
    for workers in (0, 2):
        loader.num_workers = workers
        batches.append(torch.cat([torch.stack(tuple(b['inputs'])) for b in Runner.build_dataloader(loader, seed=0)]))
    assert torch.equal(*batches)


def test_shuffled_radar_keeps_labels_and_deals_windows_anew(simulated_root):
    plain, shuffled = dataset(simulated_root), dataset(simulated_root, shuffle_radar=0)
    pairs = []
    for i in range(len(plain)):
        info, other = plain.get_data_info(i), shuffled.get_data_info(i)
        np.testing.assert_array_equal(info['keypoints'], other['keypoints'])
        pairs.append((other['recordings']['hori'].path, other['frame_indices'][1]))
    assert len(set(pairs)) == len(plain)  # a permutation
    own = [
        (plain.get_data_info(i)['recordings']['hori'].path, plain.get_data_info(i)['frame_indices'][1])
        for i in range(len(plain))
    ]
    assert sum(a == b for a, b in zip(own, pairs)) < 5


def test_one_view_alone(simulated_root):
    assert list(dataset(simulated_root, views=['vert']).get_data_info(0)['recordings']) == ['vert']


@pytest.mark.parametrize('views', ['hori', ()])
def test_views_that_are_no_list_are_refused(simulated_root, views):
    with pytest.raises(ConfigError, match='views must be a list of names'):
        HuPRDataset(str(simulated_root), 'hrnet_annot_train.json', views=views)


def test_missing_data_says_where_hupr_is_and_how_to_simulate(tmp_path):
    with pytest.raises(DataError) as error:
        dataset(tmp_path / 'HuPR')
    for part in ('looked for', 'HuPR is requested from its authors', 'python tools/simulate.py'):
        assert part in str(error.value)


@pytest.mark.parametrize('change', [-4, 4])
def test_truncated_and_overlong_raw_files_are_named_at_the_start(damaged_root, change):
    path = damaged_root / 'single_3/vert/adc_data.bin'
    content = path.read_bytes()
    path.write_bytes(content[:change] if change < 0 else content + b'1234')
    with pytest.raises(ADCFileError, match='single_3/vert/adc_data.bin.*not a whole number of frames'):
        dataset(damaged_root)


def test_wrong_antenna_and_sample_counts(simulated_root):
    with pytest.raises(ADCFileError, match='adc_data.bin.*3 TX x 4 RX x 64 loops x 256 samples'):
        dataset(simulated_root, radar='iwr1843_hupr')
    with pytest.raises(ADCFileError, match='expected 5 frames.*found 10 frames'):
        dataset(simulated_root, radar=SMALL_RADAR | dict(num_loops=4))


def test_missing_view(damaged_root):
    (damaged_root / 'single_2/hori/adc_data.bin').unlink()
    with pytest.raises(DataError, match="sequence 2 has no recording of the radar 'hori': looked for .*single_2/hori"):
        dataset(damaged_root)


def edit(root, change):
    path = root / 'hrnet_annot_train.json'
    annotation = json.loads(path.read_text())
    change(annotation)
    path.write_text(json.dumps(annotation))


def set_joint(value):
    def change(annotation):
        annotation[2][1]['joints'][7] = value

    return change


@pytest.mark.parametrize(
    'change, message',
    [
        (lambda a: a.pop(), 'expected one entry for each of the 4 sequences of the split, found 3 entries'),
        (lambda a: a[1].pop(), 'expected 4 frames .* found 5 frames'),
        (lambda a: a[0][2].pop('bbox'), "sequence 1, frame 2: no 'bbox', found"),
        (
            lambda a: a[0][2]['joints'].pop(),
            r"sequence 1, frame 2: expected 'joints' of shape \(14, 2\) or \(14, 3\), found \(13, 2\)",
        ),
        (set_joint([float('nan'), 3]), 'sequence 3, frame 1, joint 7: expected a finite position, found .nan, 3.0'),
        (set_joint([300, 3]), 'sequence 3, frame 1, joint 7: expected a position within .* found .300.0, 3.0'),
        (set_joint(['left', 3]), "sequence 3, frame 1: 'joints' holds something that is no number"),
        (
            lambda a: a[3][0].update(bbox=[9, 9, 3, 12]),
            'sequence 4, frame 0: expected a box .* found .9.0, 9.0, 3.0, 12.0',
        ),
    ],
)
def test_annotations_that_do_not_fit(damaged_root, change, message):
    edit(damaged_root, change)
    with pytest.raises((DataError, ADCFileError), match=message):
        dataset(damaged_root)


def cut_short(root, sequence, view, frames):
    path = root / f'single_{sequence}/{view}/adc_data.bin'
    path.write_bytes(path.read_bytes()[: frames * SMALL_PLAN.radar_config.frame_bytes])


def dump_packets(root, lost=()):
    """Write a dump of packets beside every raw file; sequence 7's horizontal radar loses some."""
    for path in root.glob('single_*/*/adc_data.bin'):
        content, left_out = path.read_bytes(), lost if path.parts[-3:-1] == ('single_7', 'hori') else ()
        path.with_name('packets.bin').write_bytes(
            b''.join(
                struct.pack('<I', number + 1) + start.to_bytes(6, 'little') + content[start : start + PACKET_BYTES]
                for number, start in enumerate(range(0, len(content), PACKET_BYTES))
                if number not in left_out
            )
        )


def evaluate_the_truth(data):
    """HuPR's metric of a network that is always right, through pipeline, loader and evaluator."""
    evaluator = Evaluator(dict(type='HuPRMetric', per_joint=False))
    evaluator.dataset_meta = data.metainfo
    for start in range(0, len(data), 4):
        samples = [data[index]['data_samples'] for index in range(start, min(start + 4, len(data)))]
        for sample in samples:
            sample.pred_instances = InstanceData(keypoints=sample.gt_instances.keypoints)
        evaluator.process(samples)
    return evaluator.evaluate(len(data))


@pytest.fixture
def windows(damaged_root, tiny_config):
    def build(**options):
        options = tiny_config.test_dataloader.dataset | dict(data_root=str(damaged_root)) | options
        return HuPRDataset(**{key: value for key, value in options.items() if key != 'type'})

    return build


def test_frames_of_one_number_with_other_labels_are_refused(windows):
    """Of two data sets; else half of them would be taken for images that a distributed loader repeats."""
    data, other = windows(), windows()
    assert evaluate_the_truth(ConcatDataset([data, data]))['coco/AR'] == 100
    other.annotations.reverse()
    with pytest.raises(DataError, match='two samples with different labels have the number img_id=700000'):
        evaluate_the_truth(ConcatDataset([data, other]))


def test_dumps_of_packets_give_the_windows_of_raw_files(damaged_root, windows):
    dump_packets(damaged_root)
    plain = windows()
    dumps = windows(adc_path='single_{sequence}/{view}/packets.bin', recording=dict(format='packets'))
    assert len(dumps) == len(plain) == 10
    for index in range(len(plain)):
        torch.testing.assert_close(dumps[index]['inputs'], plain[index]['inputs'], rtol=0, atol=1e-6)


@pytest.mark.parametrize('first, last', [(40, 40), (0, 50)])
def test_frames_lost_before_others_do_not_shift_labels(damaged_root, windows, first, last):
    dump_packets(damaged_root, range(first, last + 1))  # a frame is 34 packets: frame 1; or 0 and 1
    options = dict(adc_path='single_{sequence}/{view}/packets.bin')
    with pytest.raises(DataError, match=r'sequence 7: .*hori.*packets.bin lacks frames before others \((1|0, 1)\)'):
        windows(recording=dict(format='packets', on_error='drop'), **options)


@pytest.mark.parametrize('frames', [4, 2, 1])
def test_frames_that_a_recording_lacks_are_misses(damaged_root, windows, frames):
    """The test split has two sequences of 5 frames; one of them loses some in one view, then the other one too."""
    assert evaluate_the_truth(windows())['coco/AR'] == 100
    drop = dict(on_error='drop')
    cut_short(damaged_root, 7, 'vert', frames)
    with logged() as log:
        metrics = evaluate_the_truth(windows(recording=drop))
    assert metrics['coco/AR'] == pytest.approx(10 * (5 + frames)) and metrics['coco/AP'] < 10 * (5 + frames) + 1
    assert f'HuPRMetric: {5 - frames} of 10 annotated frames have no prediction and count as misses' in log.getvalue()
    cut_short(damaged_root, 8, 'hori', 3)
    assert evaluate_the_truth(windows(recording=drop))['coco/AR'] == pytest.approx(10 * (3 + frames))


def test_of_a_chosen_subset_only_what_was_chosen_counts(damaged_root, windows):
    cut_short(damaged_root, 7, 'vert', 2)
    drop = dict(on_error='drop')
    assert evaluate_the_truth(windows(recording=drop, indices=3))['coco/AR'] == 100
    assert evaluate_the_truth(windows(recording=drop).get_subset([0, 1, 4]))['coco/AR'] == 100
    assert evaluate_the_truth(windows(recording=drop, indices=7))['coco/AR'] == pytest.approx(70)  # that is all


def labels(root):
    data = dataset(root, window=1)
    return [
        (info['sequence'], info['frame'], info['keypoints'].tolist(), info['bbox'].tolist()) for info in data_of(data)
    ]


def data_of(data):
    return [data.get_data_info(index) for index in range(len(data))]


@pytest.mark.parametrize('order', [[4, 3, 2, 1, 0], [1, 2, 3, 4, 0], [0, 2, 1, 3, 4]])
def test_annotations_are_ordered_by_the_frame_their_image_names(damaged_root, order):
    expected = labels(damaged_root)
    edit(damaged_root, lambda a: a.__setitem__(slice(None), [[entries[i] for i in order] for entries in a]))
    assert labels(damaged_root) == expected


@pytest.mark.parametrize('name', ['{}.jpg', '{:09d}.png', 'single_1/processed/images/{:09d}.jpg', '{:04d}.JPEG'])
def test_names_of_images_that_say_their_frame(damaged_root, name):
    expected = labels(damaged_root)

    def rename(annotation):
        for entries in annotation:
            for frame, entry in enumerate(entries):
                entry['image'] = name.format(frame)
            entries.reverse()

    edit(damaged_root, rename)
    assert labels(damaged_root) == expected


def test_entries_without_images_keep_their_order(damaged_root):
    def reverse_and_strip(annotation):
        annotation[1].reverse()
        for entry in annotation[1]:
            del entry['image']

    expected = [label[2] for label in labels(damaged_root)]
    edit(damaged_root, reverse_and_strip)
    found = [label[2] for label in labels(damaged_root)]
    assert found[5:10] == expected[5:10][::-1] and found[:5] + found[10:] == expected[:5] + expected[10:]


def set_image(index, value):
    return lambda a: a[1][index].update(image=value)


@pytest.mark.parametrize(
    'change, message',
    [
        (set_image(3, '000000002.jpg'), 'train.json, sequence 2, frame 2: two entries have this frame'),
        (set_image(3, '2.jpg'), 'sequence 2, frame 2: two entries'),  # the same frame by another name
        (set_image(3, '000000007.jpg'), 'sequence 2, frame 3: no entry has this frame; .* found 0 to 7'),
        (
            lambda a: [entry.update(image=f'{i + 1:09d}.jpg') for i, entry in enumerate(a[1])],
            'sequence 2, frame 0: no entry has this frame; expected the frames 0 to 4, .* found 1 to 5',
        ),
        (lambda a: a[1].__delitem__(2), 'sequence 2, frame 2: no entry has this frame'),
        (lambda a: a[1][3].pop('image'), "sequence 2, entry 3: no 'image', which 4 of 5 entries have"),
        *[
            (set_image(3, value), "sequence 2, entry 3: expected an 'image' that is named by its frame.*found")
            for value in ('frame3.jpg', '-3.jpg', '3', '', '3.5.jpg', '³.jpg', 3, None, ['000000003.jpg'])
        ],
        (lambda a: a.__setitem__(1, dict(image='000000000.jpg')), 'sequence 2: expected a list of frames, found dict'),
        (lambda a: a[1].__setitem__(2, 7), 'sequence 2, entry 2: expected a dictionary, found int'),
    ],
)
def test_annotations_that_do_not_say_every_frame_once(damaged_root, change, message):
    edit(damaged_root, change)
    with pytest.raises(DataError, match=message):
        dataset(damaged_root)


def test_a_cut_annotation_file(damaged_root):
    path = damaged_root / 'hrnet_annot_train.json'
    path.write_text(path.read_text()[:-40])
    with pytest.raises(DataError, match='hrnet_annot_train.json is not valid JSON'):
        dataset(damaged_root)


def test_an_even_window_has_one_frame_more_before_its_key_frame(simulated_root):
    windows = dataset(simulated_root, window=4)
    found = [windows.get_data_info(frame)['frame_indices'].tolist() for frame in range(5)]
    assert found == [[0, 0, 0, 1], [0, 0, 1, 2], [0, 1, 2, 3], [1, 2, 3, 4], [2, 3, 4, 4]]
    with pytest.raises(ValueError, match='num_frames must be at least 1, found 0'):
        dataset(simulated_root, window=0)


def test_sequences_that_nobody_lists(damaged_root):
    (damaged_root / 'splits.json').unlink()
    with pytest.raises(DataError, match='names no `sequences`'):
        dataset(damaged_root)


def test_annotations_of_another_split_are_refused(simulated_root):
    for options in (dict(ann_file='hrnet_annot_val.json'), dict(split='val')):
        with pytest.raises(ConfigError, match="are those of another split than split='.*Set split='.*', too"):
            dataset(simulated_root, **options).full_init()


def test_official_split_has_no_overlap():
    from conftest import REPOSITORY
    from mmradar.apis.configuration import load_config

    config = load_config(str(REPOSITORY / 'configs/millimamba_hupr.py'))
    splits = [config[f'{split}_dataloader'].dataset.sequences for split in ('train', 'val', 'test')]
    assert [len(s) for s in splits] == [193, 21, 21]
    assert len(set().union(*splits)) == 235 and max(max(s) for s in splits) == 276


def test_recordings_cut_short_are_used_as_far_as_they_go(damaged_root, tiny_config):
    path = damaged_root / 'single_3/vert/adc_data.bin'
    path.write_bytes(path.read_bytes()[: 3 * SMALL_PLAN.radar_config.frame_bytes + 1000])
    with pytest.raises(ADCFileError, match='not a whole number of frames'):
        dataset(damaged_root)
    with logged() as log:
        data = dataset(damaged_root, recording=dict(on_error='drop'))
    assert len(data) == 4 * 5 - 2
    of_three = [info for info in map(data.get_data_info, range(len(data))) if info['sequence'] == 3]
    assert [info['frame_indices'].tolist() for info in of_three] == [[0, 0, 1], [0, 1, 2], [1, 2, 2]]
    assert 'sequence 3: 2 of 5 frames are left out.' in log.getvalue()
    assert '1,000 bytes from offset' in log.getvalue()
    options = tiny_config.train_dataloader.dataset
    options.update(data_root=str(damaged_root), recording=dict(on_error='drop'))
    windows = HuPRDataset(**{key: value for key, value in options.items() if key != 'type'})
    assert len(windows) == 18 and windows[12]['inputs'].isfinite().all()


@pytest.mark.no_shape_checks
def test_sequences_are_a_list(simulated_root):
    with pytest.raises(ConfigError, match=r'sequences must be a list of numbers, as \[4\], found 4'):
        dataset(simulated_root, sequences=4)


def test_labels_of_another_skeleton(damaged_root):
    """COCO's 17 joints, described by mmpose."""
    for path in damaged_root.glob('hrnet_annot_*.json'):
        sequences = json.loads(path.read_text())
        for entry in (entry for sequence in sequences for entry in sequence):
            entry['joints'] += entry['joints'][:3]
        path.write_text(json.dumps(sequences))
    coco = dict(from_file='configs/_base_/datasets/coco.py')
    data = dataset(damaged_root, metainfo=coco)
    info = data.get_data_info(7)
    assert info['keypoints'].shape == (3, 17, 2) and info['sigmas'].shape == (17,)
    np.testing.assert_array_equal(info['keypoints'][:, 14:], info['keypoints'][:, :3])
    assert data.metainfo['keypoint_id2name'][0] == 'nose'
    with pytest.raises(DataError, match='14'):
        dataset(damaged_root).get_data_info(7)


def test_missing_annotations_where_there_are_others(damaged_root):
    (damaged_root / 'hrnet_annot_val.json').unlink()
    with pytest.raises(DataError, match='annot_val.json are missing; .* has hrnet_annot_test.json, hrnet'):
        dataset(damaged_root, ann_file='hrnet_annot_val.json', split='val')
