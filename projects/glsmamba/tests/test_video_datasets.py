import json

import cv2
import numpy as np
import pytest
from mmpose.datasets.transforms import GetBBoxCenterScale, RandomBBoxTransform, RandomFlip, TopdownAffine
from torch.utils.data import DataLoader

from conftest import logged
from glsmamba.datasets import PoseTrackVideoDataset, SubJHMDBVideoDataset
from glsmamba.datasets.detections import read_detections
from glsmamba.datasets.posetrack_files import POSETRACK17_JOINTS, POSETRACK_KEYPOINTS, read_posetrack
from glsmamba.datasets.transforms import LoadClip, PackClipInputs
from mmradar.errors import ConfigError, DataError

FRAMES = 6
EARS = [POSETRACK_KEYPOINTS.index(name) for name in ('left_ear', 'right_ear')]


def person17(offset=0.0):
    """Joint i at (10 + i, 12 + i), ears unannotated."""
    values = np.stack([10 + np.arange(17) + offset, 12 + np.arange(17) + offset, np.ones(17)], axis=-1)
    values[EARS] = 0
    return values.reshape(-1).tolist()


def coco_video(name, year, labelled=(2, 3), frames=FRAMES, listed=None):
    images = [
        dict(
            id=1000 + i,
            frame_id=1000 + i,
            vid_id='000001',
            nframes=frames,
            file_name=f'images/val/{name}/{i:06d}.jpg',
            is_labeled=i in labelled,
            **({'has_labeled_person': i in labelled} if year == 2021 else {'has_no_densepose': True}),
        )
        for i in (range(frames) if listed is None else listed)
    ]
    annotations = [
        dict(
            id=100 * i,
            image_id=1000 + i,
            track_id=0,
            category_id=1,
            keypoints=person17(i),
            bbox=[5.0, 6.0, 30.0, 24.0],
            bbox_head=[10.0, 10.0, 3.0, 4.0],
            **({'person_id': 4} if year == 2021 else {}),
        )
        for i in labelled
    ]
    categories = [dict(id=1, name='person', keypoints=list(POSETRACK_KEYPOINTS))]
    return dict(images=images, annotations=annotations, categories=categories)


def video_2017(name, labelled=(2, 3), frames=FRAMES):
    def people(i):
        points = [
            dict(id=[j], x=[10 + j + i], y=[12 + j + i], is_visible=[j % 2]) for j in range(len(POSETRACK17_JOINTS))
        ]
        return [
            dict(x1=[10], y1=[10], x2=[13], y2=[14], track_id=[0], annopoints=[dict(point=points)]),
            dict(x1=[1], y1=[1], x2=[4], y2=[5], track_id=[1], annopoints=[]),
        ]

    return dict(
        annolist=[
            dict(
                image=[dict(name=f'images/bonn_5sec/{name}/{i + 1:08d}.jpg')],
                is_labeled=[int(i in labelled)],
                annorect=people(i) if i in labelled else [],
                ignore_regions=[dict(point=[dict(x=[0], y=[0]), dict(x=[9], y=[0]), dict(x=[9], y=[9])])],
            )
            for i in range(frames)
        ]
    )


def write(root, content, name='v'):
    """Annotations, and an image for every frame that is named in them or meant by them."""
    folder = root / 'annotations'
    folder.mkdir(exist_ok=True)
    (folder / f'{name}.json').write_text(json.dumps(content))
    names = [image['file_name'] for image in content.get('images', [])]
    names += [entry['image'][0]['name'] for entry in content.get('annolist', [])]
    for file in names:
        path = root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), np.full((48, 64, 3), 10 * int(path.stem), np.uint8))
    return root


def build(root, year, ann_file='annotations', **kwargs):
    return PoseTrackVideoDataset(year=year, data_root=str(root), ann_file=ann_file, **kwargs)


# PoseTrack


@pytest.mark.parametrize('year', [2018, 2021])
def test_posetrack_as_published_in_2018_and_2021(tmp_path, year):
    content = coco_video('v', year)
    content['annotations'].append(dict(content['annotations'][0], id=9, keypoints=[0] * 51))  # a box of 2021
    data = build(write(tmp_path, content), year)
    assert len(data) == 2
    info = data.get_data_info(0)
    assert info['id'] == 200 and info['img_id'] == 1002 and info['video'] == 'v'
    assert [path[-10:] for path in info['clip_paths']] == [f'{i:06d}.jpg' for i in range(5)]
    assert info['img_path'] == info['clip_paths'][2]
    assert info['bbox'].tolist() == [[5, 6, 35, 30]]
    assert info['keypoints'][0, 5].tolist() == [17, 19]
    assert info['keypoints_visible'][0].tolist() == [0 if i in EARS else 1 for i in range(17)]
    assert info['head_size'] == pytest.approx(0.6 * 5)
    # clamped at the end
    assert data.get_data_info(1)['frame_indices'].tolist() == [1, 2, 3, 4, 5]
    assert build(tmp_path, year, num_frames=7).get_data_info(1)['frame_indices'].tolist() == [0, 1, 2, 3, 4, 5, 5]


def test_posetrack_2017(tmp_path):
    data = build(write(tmp_path, video_2017('000342_mpii')), 2017)
    assert len(data) == 2  # those without joints are none
    info = data.get_data_info(0)
    assert info['img_id'] == 'images/bonn_5sec/000342_mpii/00000003.jpg' and info['video'] == '000342_mpii'
    assert [path[-12:] for path in info['clip_paths']] == [f'{i:08d}.jpg' for i in range(1, 6)]
    # joint 0 is the right ankle, 14 the top of the head; hidden ones are annotated too
    assert info['keypoints'][0, POSETRACK_KEYPOINTS.index('right_ankle')].tolist() == [12, 14]
    assert info['keypoints'][0, POSETRACK_KEYPOINTS.index('head_top')].tolist() == [26, 28]
    assert info['keypoints_visible'].sum() == 15 and not info['keypoints_visible'][0, EARS].any()
    # from x 12 to 26: 0.65 times 14 to each side of 19
    assert info['bbox'][0] == pytest.approx([19 - 9.1, 21 - 9.1, 19 + 9.1, 21 + 9.1])
    assert info['head_size'] == pytest.approx(0.6 * 5)


def test_people_with_one_joint_have_no_box_in_2017(tmp_path):
    content = video_2017('000342_mpii')
    person = next(frame for frame in content['annolist'] if frame['annorect'])['annorect'][0]
    del person['annopoints'][0]['point'][1:]
    write(tmp_path, content)
    with pytest.raises(DataError, match="is empty; bad_boxes='drop'"):
        build(tmp_path, 2017)
    with logged() as log:
        assert len(build(tmp_path, 2017, bad_boxes='drop')) == 1
    assert '1 people with an empty box are left out' in log.getvalue()


def test_the_three_years_read_the_same_pose(tmp_path):
    poses = []
    for year, content in ((2017, video_2017('v')), (2018, coco_video('v', 2018))):
        folder = tmp_path / str(year)
        folder.mkdir()
        person = read_posetrack(write(folder, content) / 'annotations', year)[0].frames[2].people[0]
        poses.append(person)
    first, second = poses
    assert (first.annotated == second.annotated).all() and first.head_size_px == second.head_size_px
    for name, number in (('right_ankle', 0), ('nose', 13), ('left_wrist', 11)):
        assert first.keypoints_px[POSETRACK_KEYPOINTS.index(name)].tolist() == [12 + number, 14 + number]


def test_ignore_regions_are_read(tmp_path):
    content = coco_video('v', 2018)
    content['images'][0] |= dict(ignore_regions_x=[[0, 9, 9]], ignore_regions_y=[[0, 0, 9]])
    (new,) = read_posetrack(write(tmp_path, content) / 'annotations', 2018)
    (tmp_path / 'annotations' / 'v.json').write_text(json.dumps(video_2017('v')))
    (old,) = read_posetrack(tmp_path / 'annotations', 2017)
    assert new.frames[0].ignore_regions[0].tolist() == old.frames[0].ignore_regions[0].tolist()
    assert old.frames[0].ignore_regions[0].tolist() == [[0, 0], [9, 0], [9, 9]]


def test_a_merged_file_that_lists_annotated_frames_only(tmp_path):
    write(tmp_path, coco_video('v', 2018))
    merged = coco_video('v', 2018, listed=(2, 3))
    other = coco_video('w', 2018, labelled=(0,), frames=1)
    for image in other['images']:
        image['id'] += 100
    for person in other['annotations']:
        person['image_id'] += 100
    merged['images'] += other['images']
    merged['annotations'] += other['annotations']
    (tmp_path / 'merged.json').write_text(json.dumps(merged))
    data = build(tmp_path, 2018, 'merged.json')
    assert [path[-8:-4] for path in data.get_data_info(0)['clip_paths']] == ['0000', '0001', '0002', '0003', '0004']
    alone = data.get_data_info(2)
    assert alone['frame_indices'].tolist() == [0] * 5 and len(set(alone['clip_paths'])) == 1


def test_files_of_another_year(tmp_path):
    cases = {2017: video_2017('v'), 2018: coco_video('v', 2018), 2021: coco_video('v', 2021)}
    for found, content in cases.items():
        write(tmp_path, content)
        for year in set(cases) - {found}:
            with pytest.raises(DataError, match=f'expected annotations of PoseTrack{year}, found .* PoseTrack{found}'):
                build(tmp_path, year)
    with pytest.raises(ConfigError, match='years 2017, 2018, 2021, found year=2019'):
        build(tmp_path, 2019)


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('{"images": ', 'is no JSON file'),
        ('[]', 'is no annotation file of PoseTrack'),
        (
            '{"images": [{"id": 1}], "annotations": []}',
            r"not in the published form of PoseTrack2018 \(KeyError: 'file_name'\)",
        ),
        ('{"images": null, "annotations": []}', 'not in the published form of PoseTrack2018 .TypeError'),
        (
            '{"images": [{"id": 1, "file_name": "a"}], "annotations": "none"}',
            'not in the published form of PoseTrack2018',
        ),
    ],
)
def test_damaged_annotations(tmp_path, text, message):
    (tmp_path / 'a.json').write_text(text)
    with pytest.raises(DataError, match=message):
        build(tmp_path, 2018, 'a.json')


def test_annotations_or_images_are_missing(tmp_path):
    with pytest.raises(DataError, match=r'(?s)no annotations of PoseTrack2018 .*posetrack.net.*SyntheticVideoPoseData'):
        build(tmp_path, 2018)
    (tmp_path / 'annotations').mkdir()
    with pytest.raises(DataError, match=r'expected .json files of PoseTrack2018, found none'):
        build(tmp_path, 2018)
    (tmp_path / 'annotations' / 'v.json').write_text(json.dumps(coco_video('v', 2018)))
    with pytest.raises(DataError, match=r'(?s)no images of PoseTrack2018: .*000002.jpg is missing.*Synthetic'):
        build(tmp_path, 2018)
    assert len(build(tmp_path, 2018, check_images=False)) == 2


def test_bad_annotations(tmp_path):
    content = coco_video('v', 2018)
    content['annotations'][0]['bbox'] = [5, 5, 0, 9]
    write(tmp_path, content)
    with pytest.raises(DataError, match=r"annotation 200, .*000002.jpg: the box .* is empty; bad_boxes='drop'"):
        build(tmp_path, 2018)
    assert len(build(tmp_path, 2018, bad_boxes='drop')) == 1
    content['annotations'][0]['keypoints'] = [1, 2, 3]
    write(tmp_path, content)
    with pytest.raises(DataError, match='annotation 200: expected 17 joints of x, y, visibility, found 3 numbers'):
        build(tmp_path, 2018)
    write(tmp_path, coco_video('v', 2018, labelled=()))
    with pytest.raises(DataError, match='no annotated person in'):
        build(tmp_path, 2018)


def test_detections(tmp_path):
    write(tmp_path, coco_video('v', 2018))
    detections = [
        dict(image_id=1004, bbox=[1, 2, 3, 4], score=0.25, category_id=1),
        dict(image_name='images/val/v/000000.jpg', bbox=[1, 2, 3, 4], score=0.5),
        dict(image_id=1004, bbox=[1, 2, 3, 4], score=0.25, category_id=3),
    ]
    file = tmp_path / 'boxes.json'
    file.write_text(json.dumps(detections))
    data = build(tmp_path, 2018, bbox_file=str(file), test_mode=True)
    assert len(data) == 2
    first, second = data.get_data_info(0), data.get_data_info(1)
    assert first['img_id'] == 1004 and second['img_id'] == 1000
    assert first['bbox'].tolist() == [[1, 2, 4, 6]] and second['bbox_score'].tolist() == [0.5]
    assert second['frame_indices'].tolist() == [0, 0, 0, 1, 2]
    assert not first['keypoints_visible'].any()  # there is no truth of detected people
    enough = build(tmp_path, 2018, bbox_file=str(file), test_mode=True, filter_cfg=dict(bbox_score_thr=0.3))
    assert len(enough) == 1 and enough.get_data_info(0)['id'] == 1
    with pytest.raises(DataError, match='boxes.json: no person remains with filter_cfg=.*0.6'):
        build(tmp_path, 2018, bbox_file=str(file), test_mode=True, filter_cfg=dict(bbox_score_thr=0.6))
    file.write_text(json.dumps([dict(detections[0], image_id=7)]))
    with pytest.raises(DataError, match='detection 0: .* has no image 7'):
        build(tmp_path, 2018, bbox_file=str(file), test_mode=True)
    with pytest.raises(ConfigError, match='needs test_mode=True'):
        build(tmp_path, 2018, bbox_file=str(file))
    with pytest.raises(DataError, match='no detections at'):
        build(tmp_path, 2018, bbox_file=str(tmp_path / 'none.json'), test_mode=True)


def test_empty_detections_can_be_left_out(tmp_path):
    write(tmp_path, coco_video('v', 2018))
    boxes = [dict(image_id=1004, bbox=[1, 2, width, 4], score=0.1) for width in (0, 3)]
    (tmp_path / 'boxes.json').write_text(json.dumps(boxes))
    options = dict(bbox_file=str(tmp_path / 'boxes.json'), test_mode=True)
    with pytest.raises(DataError, match="detection 0: the box .* is empty; bad_boxes='drop'"):
        build(tmp_path, 2018, **options)
    assert [build(tmp_path, 2018, bad_boxes='drop', **options).get_data_info(0)['id']] == [1]


def test_detections_in_posetracks_format_have_their_own_image_numbers(tmp_path):
    write(tmp_path, coco_video('v', 2018))
    names = [f'images/val/v/{i:06d}.jpg' for i in (4, 0)]
    content = dict(
        images=[dict(id=1000 + i, file_name=name) for i, name in enumerate(names)],  # 1000 is another image there
        annotations=[dict(image_id=1000 + i, bbox=[1, 2, 3, 4], score=0.5) for i in range(2)],
    )
    file = tmp_path / 'boxes.json'
    file.write_text(json.dumps(content))
    data = build(tmp_path, 2018, bbox_file=str(file), test_mode=True)
    assert [data.get_data_info(i)['img_id'] for i in range(2)] == [1004, 1000]


@pytest.mark.parametrize(
    'change, message',
    [
        (dict(bbox=[1, 2, 3]), 'detection 1: expected bbox .x, y, width, height. and score, found'),
        (dict(score=None), 'detection 1: expected bbox'),
        (dict(bbox=[1, 2, 0, 4]), 'detection 1: the box .* is empty'),
        (dict(score=float('nan')), 'its score nan is not finite'),
        (dict(image_id=None), 'neither image_id nor image_name'),
        (dict(image_id=[1]), r'expected image_id to be a number or a name, found \[1\]'),
    ],
)
def test_damaged_detections(tmp_path, change, message):
    good = dict(image_id=1, bbox=[1, 2, 3, 4], score=0.5)
    file = tmp_path / 'boxes.json'
    file.write_text(json.dumps([good, {**good, **change}]))
    with pytest.raises(DataError, match=message):
        read_detections(file)


@pytest.mark.parametrize(
    'text, message',
    [
        ('[', 'is no JSON file'),
        ('{}', 'a list of detections .* found dict'),
        ('3', 'found int'),
        ('[[1, 2, 3, 4, 0.5]]', 'a list of detections .dictionaries'),
        ('{"annotations": [], "images": [{"id": 1}]}', '"images" to be a list of id and file_name'),
    ],
)
def test_files_that_hold_no_detections(tmp_path, text, message):
    file = tmp_path / 'boxes.json'
    file.write_text(text)
    with pytest.raises(DataError, match=message):
        read_detections(file)


# epochs, seeds and workers


AUGMENTED = [
    LoadClip(),
    GetBBoxCenterScale(),
    RandomFlip(),
    RandomBBoxTransform(),
    TopdownAffine((48, 64), use_udp=True),
    PackClipInputs(),
]


def inputs(data, workers=0):
    loader = DataLoader(data, batch_size=1, num_workers=workers, collate_fn=lambda batch: batch[0])
    return [(sample['inputs'].numpy(), sample['data_samples'].input_center) for sample in loader]


def test_augmentation_and_support_frames_depend_on_epoch_and_not_on_workers(tmp_path):
    write(tmp_path, coco_video('v', 2018, labelled=(4, 5, 6), frames=12))
    data = build(tmp_path, 2018, num_frames=5, delta=4, fresh_support=True, pipeline=AUGMENTED)
    alone, two = inputs(data), inputs(data, workers=2)
    for (pixels, centre), (other_pixels, other_centre) in zip(alone, two):
        assert (pixels == other_pixels).all() and (centre == other_centre).all()
    data.set_epoch(1)
    assert any((a[0] != b[0]).any() for a, b in zip(alone, inputs(data)))
    drawn = set()
    for epoch in range(20):
        data.set_epoch(epoch)
        indices = data.get_data_info(1)['frame_indices']
        assert indices[2] == 5 and (np.diff(indices) > 0).all()
        drawn.update((indices - 5).tolist())
    assert drawn == set(range(-4, 5))


def test_bad_seed_and_mode(tmp_path):
    with pytest.raises(ConfigError, match='seed must be 0 or more'):
        build(tmp_path, 2018, seed=-1)
    with pytest.raises(ConfigError, match='is top-down'):
        build(tmp_path, 2018, data_mode='bottomup')


# Sub-JHMDB


def write_jhmdb(root, frames=(3, 1)):
    images, annotations = [], []
    for video, count in enumerate(frames):
        for number in range(1, count + 1):
            key = 100 * video + number
            name = f'Rename_Images/walk/clip_{video}/{number:05d}.png'
            images.append(dict(id=key, file_name=name, width=64, height=48))
            annotations.append(
                dict(
                    id=key,
                    image_id=key,
                    category_id=1,
                    bbox=[6, 7, 30, 24],
                    keypoints=np.c_[np.arange(15) + 8, np.arange(15) + 9, np.ones(15)].reshape(-1).tolist(),
                )
            )
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), np.full((48, 64, 3), 10 * number, np.uint8))
    categories = [dict(id=1, name='person')]
    (root / 'Sub1_train.json').write_text(
        json.dumps(dict(images=images, annotations=annotations, categories=categories))
    )
    return root


def test_sub_jhmdb(tmp_path):
    root = write_jhmdb(tmp_path)
    data = SubJHMDBVideoDataset(ann_file='Sub1_train.json', data_root=str(root), pipeline=[LoadClip()])
    assert len(data) == 4 and data.metainfo['num_keypoints'] == 15
    sample = data[0]
    assert [image[0, 0, 0] for image in sample['img']] == [10, 10, 10, 20, 30]
    assert sample['keypoints'][0, 0].tolist() == [7, 8]  # counted from 0
    assert [image[0, 0, 0] for image in data[2]['img']] == [10, 20, 30, 30, 30]
    assert data[3]['frame_indices'].tolist() == [0] * 5  # a video of one frame


def test_sub_jhmdb_is_missing(tmp_path):
    with pytest.raises(DataError, match=r'(?s)no annotations of Sub-JHMDB at .*jhmdb.is.tue.mpg.de.*Synthetic'):
        SubJHMDBVideoDataset(ann_file='Sub1_train.json', data_root=str(tmp_path))
    root = write_jhmdb(tmp_path)
    (root / 'Rename_Images/walk/clip_0/00001.png').unlink()
    with pytest.raises(DataError, match=r'no images of Sub-JHMDB: .*00001.png is missing'):
        SubJHMDBVideoDataset(ann_file='Sub1_train.json', data_root=str(root))
