"""Reader of the annotation files of PoseTrack 2017, 2018 and 2021, as published.

2018 and 2021 come as one COCO-style JSON file per video: ``images`` (``file_name``, ``id``, ``nframes``,
``is_labeled``, ``ignore_regions_x`` and ``_y``), ``annotations`` (``keypoints`` of 17 joints, ``bbox`` and
``bbox_head`` as x, y, width, height, ``track_id``). 2021 adds ``person_id`` and ``has_labeled_person``, which
distinguish the two years. Files that merge all videos into one, as mmpose provides them, are read too.

2017 comes as one JSON file per video with ``annolist``, one entry per frame: ``image[0].name``, ``annorect`` (the
head's box ``x1, y1, x2, y2``, and ``annopoints[0].point`` of ``id``, ``x``, ``y``, ``is_visible``, 15 joints in the
order of :data:`POSETRACK17_JOINTS`), and ``ignore_regions``. Every number is in its own list of one element. The files
have no boxes of persons: a box reaches 0.65 times the joints' extent to each side of their middle, as in poseval's
converter.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from mmradar.errors import ConfigError, DataError

YEARS = (2017, 2018, 2021)
# Order of mmpose (configs/_base_/datasets/posetrack18.py) and of the files of 2018 and 2021; ears have no labels.
POSETRACK_KEYPOINTS = (
    'nose',
    'head_bottom',
    'head_top',
    'left_ear',
    'right_ear',
    'left_shoulder',
    'right_shoulder',
    'left_elbow',
    'right_elbow',
    'left_wrist',
    'right_wrist',
    'left_hip',
    'right_hip',
    'left_knee',
    'right_knee',
    'left_ankle',
    'right_ankle',
)
# Joint ids of 2017, and the 15 joints of the evaluation in poseval's order.
POSETRACK17_JOINTS = (
    'right_ankle',
    'right_knee',
    'right_hip',
    'left_hip',
    'left_knee',
    'left_ankle',
    'right_wrist',
    'right_elbow',
    'right_shoulder',
    'left_shoulder',
    'left_elbow',
    'left_wrist',
    'head_bottom',
    'nose',
    'head_top',
)
_FROM_2017 = [POSETRACK_KEYPOINTS.index(name) for name in POSETRACK17_JOINTS]
WHERE_FROM = (
    '  PoseTrack 2017 and 2018 are from posetrack.net, PoseTrack21 from github.com/anDoer/PoseTrack21 (after\n'
    '  registration); neither may be passed on. Put annotations and images below data_root as they come.\n'
    '  Without them, SyntheticVideoPoseDataset runs the same models: it renders its own clips.'
)


@dataclass(frozen=True, eq=False)
class PoseTrackPerson:
    """Annotated person in one frame.

    Args:
        id: Identifier of the annotation.
        keypoints_px: Joints in the order of :data:`POSETRACK_KEYPOINTS`, (17, 2).
        annotated: Mask of annotated joints, including occluded ones, (17,): the joints that poseval counts.
        bbox_px: [x1, y1, x2, y2], (4,); NaN if there is neither a box nor a joint.
        head_size_px: 0.6 times the diagonal of the head's box; NaN without such a box.
    """

    id: int | str
    keypoints_px: Float[np.ndarray, '17 2']
    annotated: Bool[np.ndarray, '17']
    bbox_px: Float[np.ndarray, '4']
    head_size_px: float


@dataclass(frozen=True, eq=False)
class PoseTrackFrame:
    """Frame of a video, with or without annotated people.

    Args:
        id: Identifier of the image: its number in the file, or its name in 2017.
        file_name: File name relative to the data set's root.
        people: All annotated people.
        ignore_regions: Polygons (corners, 2) in px within which nothing is evaluated.
    """

    id: int | str
    file_name: str
    people: tuple[PoseTrackPerson, ...]
    ignore_regions: tuple[np.ndarray, ...]

    @property
    def number(self) -> int:
        """Number of the frame in its video, from the file name."""
        return int(Path(self.file_name).stem.split('_')[0])


@dataclass(frozen=True, eq=False)
class PoseTrackVideo:
    """Video with its listed frames.

    Args:
        name: Name of the video's folder.
        frames: Frames that the annotation file lists, in order.
        num_frames: Number of frames of the video; a merged file may list only the annotated ones.
    """

    name: str
    frames: tuple[PoseTrackFrame, ...]
    num_frames: int

    def file_names(self) -> list[str]:
        """Return the file names of all frames in order; those of unlisted frames are made from their numbers."""
        listed = [frame.file_name for frame in self.frames]
        if len(listed) >= self.num_frames:
            return listed
        first = Path(listed[0])
        known = {frame.number: frame.file_name for frame in self.frames}
        digits = len(first.stem)
        count = max(self.num_frames, max(known) + 1)
        return [known.get(n, str(first.with_name(f'{n:0{digits}d}{first.suffix}'))) for n in range(count)]


def read_posetrack(path: str | Path, year: int) -> list[PoseTrackVideo]:
    """Read all videos of an annotation file, or of a folder of such files.

    Args:
        path: A ``.json`` file, or a folder with such files.
        year: 2017, 2018 or 2021.

    Raises:
        ConfigError: If PoseTrack has no such year.
        DataError: If the path is missing or empty, or a file is damaged or of another year.
    """
    if year not in YEARS:
        raise ConfigError(f'PoseTrack has the years {", ".join(map(str, YEARS))}, found year={year!r}')
    path = Path(path)
    if not path.exists():
        raise DataError(f'no annotations of PoseTrack{year} at {path}\n{WHERE_FROM}')
    files = sorted(path.glob('*.json')) if path.is_dir() else [path]
    if not files:
        raise DataError(f'{path}: expected .json files of PoseTrack{year}, found none\n{WHERE_FROM}')
    videos: list[PoseTrackVideo] = []
    for file in files:
        try:
            content = json.loads(file.read_text(encoding='utf-8'))
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise DataError(f'{file} is no JSON file ({error}); is the download complete?') from error
        try:
            _check_year(content, year, file)
            videos += _videos_of_2017(content, file) if year == 2017 else _videos_of_coco(content, file)
        except (AttributeError, KeyError, IndexError, TypeError, ValueError) as error:
            if isinstance(error, DataError):
                raise
            raise DataError(
                f'{file}: not in the published form of PoseTrack{year} ({type(error).__name__}: {error})'
            ) from error
    return videos


def year_of(content: Any) -> tuple[int, ...]:
    """Return the years whose files have this form: none, one, or 2018 and 2021 if nothing distinguishes them."""
    if isinstance(content, dict) and 'annolist' in content:
        return (2017,)
    if not isinstance(content, dict) or not {'images', 'annotations'} <= set(content):
        return ()
    if any('has_labeled_person' in image for image in content['images']) or any(
        'person_id' in person for person in content['annotations']
    ):
        return (2021,)
    if any('has_no_densepose' in image for image in content['images']):
        return (2018,)
    return (2018, 2021)


def _check_year(content: Any, year: int, file: Path) -> None:
    found = year_of(content)
    if not found:
        raise DataError(
            f'{file} is no annotation file of PoseTrack: it has neither "annolist" (2017) nor "images" and '
            '"annotations" (2018, 2021)'
        )
    if year not in found:
        raise DataError(
            f'{file}: expected annotations of PoseTrack{year}, found those of PoseTrack{found[0]}; '
            f'set year={found[0]}, or name the other annotations'
        )


def _videos_of_coco(content: dict, file: Path) -> list[PoseTrackVideo]:
    categories = content.get('categories') or [{}]
    names = tuple(categories[0].get('keypoints', POSETRACK_KEYPOINTS))
    # poseval's converter, and some releases, write 15 joints
    if unknown := set(names) - set(POSETRACK_KEYPOINTS):
        raise DataError(f'{file}: unknown joint {min(unknown)!r}; known are {", ".join(POSETRACK_KEYPOINTS)}')
    order = [POSETRACK_KEYPOINTS.index(name) for name in names]
    people: dict[Any, list[PoseTrackPerson]] = {}
    for raw in content['annotations']:
        people.setdefault(raw['image_id'], []).append(_person_of_coco(raw, order, file))
    by_folder: dict[str, list[dict]] = {}
    for image in content['images']:
        by_folder.setdefault(str(Path(image['file_name']).parent), []).append(image)
    videos = []
    for folder, images in sorted(by_folder.items()):
        frames = [
            PoseTrackFrame(
                image['id'],
                image['file_name'],
                tuple(people.get(image['id'], ())),
                _regions(image.get('ignore_regions_x') or [], image.get('ignore_regions_y') or []),
            )
            for image in images
        ]
        frames.sort(key=lambda frame: frame.number)
        count = max(int(image.get('nframes', 0)) for image in images)
        videos.append(PoseTrackVideo(Path(folder).name, tuple(frames), max(count, len(frames))))
    return videos


def _person_of_coco(raw: dict, order: list[int], file: Path) -> PoseTrackPerson:
    values = np.asarray(raw.get('keypoints') or [0.0] * 3 * len(order), dtype=np.float32)
    if values.size != 3 * len(order):
        raise DataError(
            f'{file}, annotation {raw.get("id")}: expected {len(order)} joints of x, y, visibility, '
            f'found {values.size} numbers'
        )
    points = np.zeros((len(POSETRACK_KEYPOINTS), 3), np.float32)
    points[order] = values.reshape(-1, 3)
    annotated = (points != 0).any(axis=1)  # as in poseval, an unannotated joint is three zeros
    box = raw.get('bbox')
    if box:
        x, y, width, height = map(float, box)
        bbox = np.array([x, y, x + width, y + height], np.float32)
    else:
        bbox = _box_of_joints(points[annotated, :2])
    head = raw.get('bbox_head')
    head_size = _head_size(0, 0, head[2], head[3]) if head else float('nan')
    return PoseTrackPerson(raw['id'], points[:, :2], annotated, bbox, head_size)


def _videos_of_2017(content: dict, file: Path) -> list[PoseTrackVideo]:
    frames = []
    for entry in content['annolist']:
        name = _only(entry['image'])['name']
        regions = entry.get('ignore_regions') or []
        regions = [[(_only(point['x']), _only(point['y'])) for point in region['point']] for region in regions]
        people = tuple(_person_of_2017(raw, f'{name}#{index}') for index, raw in enumerate(entry.get('annorect') or []))
        frames.append(PoseTrackFrame(name, name, people, _regions(*_unzip(regions))))
    if not frames:
        raise DataError(f'{file}: a video without frames')
    frames.sort(key=lambda frame: frame.number)
    return [PoseTrackVideo(Path(frames[0].file_name).parent.name, tuple(frames), len(frames))]


def _person_of_2017(raw: dict, name: str) -> PoseTrackPerson:
    points = np.zeros((len(POSETRACK_KEYPOINTS), 2), np.float32)
    annotated = np.zeros(len(POSETRACK_KEYPOINTS), bool)
    annopoints = raw.get('annopoints') or []
    for point in _only(annopoints).get('point', []) if annopoints else []:
        joint = _FROM_2017[int(_only(point['id']))]
        points[joint] = _only(point['x']), _only(point['y'])
        annotated[joint] = True
    head = [_only(raw[key]) for key in ('x1', 'y1', 'x2', 'y2')] if 'x1' in raw else None
    head_size = _head_size(*head) if head else float('nan')
    return PoseTrackPerson(name, points, annotated, _box_of_joints(points[annotated]), head_size)


def _only(value: Any) -> Any:
    """Return the element of a list of one element, which is how the files of 2017 store every value."""
    return value[0] if isinstance(value, list) else value


def _unzip(regions: list[list[tuple[float, float]]]) -> tuple[list[list[float]], list[list[float]]]:
    return [[x for x, _ in region] for region in regions], [[y for _, y in region] for region in regions]


def _regions(xs: list[list[float]], ys: list[list[float]]) -> tuple[np.ndarray, ...]:
    return tuple(np.stack([x, y], axis=-1).astype(np.float32) for x, y in zip(xs, ys) if len(x) >= 3)


def _head_size(x1: float, y1: float, x2: float, y2: float) -> float:
    return 0.6 * float(np.hypot(x2 - x1, y2 - y1))


def _box_of_joints(points: Float[np.ndarray, 'n 2']) -> Float[np.ndarray, '4']:
    if not len(points):
        return np.full(4, np.nan, np.float32)
    low, high = points.min(axis=0), points.max(axis=0)
    middle, extent = (low + high) / 2, high - low
    return np.concatenate([middle - 0.65 * extent, middle + 0.65 * extent]).astype(np.float32)
