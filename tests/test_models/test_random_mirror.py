"""Mirrored windows against what radars would measure in a mirrored room."""

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData
from mmpose.structures import PoseDataSample

from mmradar import radar
from mmradar.datasets import HuPRDataset
from mmradar.errors import ConfigError
from mmradar.models.data_preprocessors import RadarPoseDataPreprocessor, RandomMirror
from mmradar.radar import RadarConfig

CONFIG = RadarConfig()
FRAMES, JOINTS = 3, 14
META = HuPRDataset._load_metainfo()
NAMES = list(META['keypoint_name2id'])
SIDES = META['flip_indices']


def heatmap(targets, upright=False):
    """Log-magnitudes (1, angle, Doppler, range) of targets (range m, speed m/s, sine of the angle to the right).

    The chirps of a frame are centred on the time at which the ranges hold. An upright row sees no angle to the side.
    """
    config = CONFIG
    period_s = config.chirp_period_s
    antenna = np.arange(config.num_antennas)
    slots = antenna // config.num_rx
    row = np.full(config.num_antennas, np.nan)
    for place, index in enumerate(config.antenna_rows[0]):
        if index is not None:
            row[index] = place - (len(config.antenna_rows[0]) - 1) / 2  # the plane of the mirror is in the middle
    loops, samples = np.arange(config.num_loops), np.arange(config.num_samples)
    time_s = (loops[None, :] * config.num_tx + slots[:, None]) * period_s
    order = [index for index in config.antenna_rows[0] if index is not None]
    time_s -= time_s[order].mean() - (config.num_loops // 8 - 1) * config.num_tx * period_s / 2  # of the 8 loops kept
    cube = np.zeros((config.num_antennas, config.num_loops, config.num_samples), complex)
    for range_m, speed_m_s, sine in targets:
        distance = range_m + speed_m_s * time_s
        across = np.zeros_like(row) if upright else -np.pi * np.nan_to_num(row) * sine
        phase = 4 * np.pi * distance / config.wavelength_m + across[:, None]
        beat = 2 * np.pi * distance / (config.range_resolution_m * config.num_samples)
        cube += np.exp(1j * (phase[..., None] + beat[..., None] * samples))
    spectrum = radar.range_doppler_from_cube(cube.astype(np.complex64), 8, 8, (31, 95), static_clutter=True)
    angles = radar.angle_transform(spectrum[None], 32, antenna_order=config.antenna_order('row'))
    return np.log(np.abs(angles) + 1e-3)


ROOM = [[(2.0, 0.0, 0.3), (2.4, 0.0, -0.4)], [(2.5, 0.0, -0.3)], [(2.7, 0.0, 0.3), (2.9, 0.0, 0.2), (2.2, 0.0, 0.1)]]


def window(room):
    frames = [np.stack([heatmap(targets), heatmap(targets, upright=True)]) for targets in room]
    return torch.from_numpy(np.stack(frames)).float()


def sample(seed=0):
    rng = torch.Generator().manual_seed(seed)
    found = PoseDataSample(metainfo=dict(key_index=1, image_size=(256, 200), flip_indices=SIDES))
    found.gt_instance_labels = InstanceData(
        keypoints=256 * torch.rand(FRAMES, JOINTS, 2, generator=rng),
        keypoint_weights=(torch.rand(FRAMES, JOINTS, generator=rng) > 0.2).float(),
        areas=torch.rand(FRAMES, generator=rng),
    )
    labels = found.gt_instance_labels
    labels.keypoints[labels.keypoint_weights == 0] = 0
    return found


def mirrored_room(room):
    return [[(distance, speed, -sine) for distance, speed, sine in targets] for targets in room]


def test_a_mirrored_window_is_what_the_radars_would_measure_of_the_mirrored_room():
    given = window(ROOM)
    before = given.clone()
    (mirrored,), _ = RandomMirror(prob=1.0)(given[None], [sample()])
    expected = window(mirrored_room(ROOM))
    strong = expected > expected.max() - 4
    assert strong.sum() > 100
    assert (mirrored - expected)[strong].abs().max() < 0.02
    assert (given - expected)[strong].abs().mean() > 0.5  # it is another room
    torch.testing.assert_close(given, before, rtol=0, atol=0)


def test_the_faster_a_target_the_less_exact_is_the_mirror():
    errors = []
    for speed_m_s in (0.05, 0.2, 0.9):
        room = [[(2.6, speed_m_s, 0.35)]]
        (mirrored,), _ = RandomMirror(prob=1.0)(window(room)[None], [sample()])
        expected = window(mirrored_room(room))
        errors.append(float((mirrored - expected)[expected > expected.max() - 2].abs().mean()))
    assert errors[0] < errors[1] < 0.05 and errors[2] > 0.2


def test_joints_change_sides():
    given = sample()
    before = given.gt_instance_labels.clone()
    _, (mirrored,) = RandomMirror(prob=1.0)(torch.zeros(1, FRAMES, 2, 1, 4, 8, 5), [given])
    labels = mirrored.gt_instance_labels
    left, right = NAMES.index('L_Wrist'), NAMES.index('R_Wrist')
    for mine, other in ((left, right), (right, left), (NAMES.index('Neck'),) * 2):
        assert labels.keypoint_weights[2, mine] == before.keypoint_weights[2, other]
        x, y = before.keypoints[2, other]
        expected = (256 - x, y) if before.keypoint_weights[2, other] else (0, 0)
        np.testing.assert_allclose(labels.keypoints[2, mine], expected, atol=1e-4)
    assert labels.areas[2] == before.areas[2] and mirrored.key_index == 1
    for name in ('keypoints', 'keypoint_weights', 'areas'):
        torch.testing.assert_close(given.gt_instance_labels[name], before[name], rtol=0, atol=0)
    _, (aside,) = RandomMirror(prob=1.0, axis_px=100)(torch.zeros(1, FRAMES, 2, 1, 4, 8, 5), [given])
    counted = labels.keypoint_weights > 0
    moved = (aside.gt_instance_labels.keypoints - labels.keypoints)[counted]
    np.testing.assert_allclose(moved.mean(0), (-56, 0), atol=1e-3)


def test_a_share_of_the_windows_is_mirrored_in_training_alone():
    preprocessor = RadarPoseDataPreprocessor(batch_augments=[dict(type='RandomMirror', prob=0.25)])
    inputs = torch.randn(400, FRAMES, 2, 1, 4, 8, 5)
    samples = [sample(number) for number in range(400)]
    torch.manual_seed(3)
    first, again = (preprocessor(dict(inputs=inputs, data_samples=samples), True) for _ in range(2))
    changed = (first['inputs'] != inputs).flatten(1).any(1)
    assert 60 < changed.sum() < 140
    assert (again['inputs'] != first['inputs']).any()
    for index, found in enumerate(first['data_samples']):
        same = torch.equal(found.gt_instance_labels.keypoints, samples[index].gt_instance_labels.keypoints)
        assert same == (not changed[index])
    torch.manual_seed(3)
    repeated = preprocessor(dict(inputs=inputs, data_samples=samples), True)
    torch.testing.assert_close(repeated['inputs'], first['inputs'], rtol=0, atol=0)
    tested = preprocessor(dict(inputs=inputs, data_samples=samples))
    torch.testing.assert_close(tested['inputs'], inputs, rtol=0, atol=0)


def test_what_cannot_be_mirrored_is_told():
    with pytest.raises(ConfigError, match='prob must be a share of 0 to 1, found 2'):
        RandomMirror(prob=2)
    with pytest.raises(ConfigError, match=r'views are \(2,\), and the windows have 2 views'):
        RandomMirror(views=[2])(torch.zeros(1, FRAMES, 2, 1, 4, 8, 5), [sample()])
    unknown = sample()
    unknown.pop('flip_indices')
    with pytest.raises(ConfigError, match="'image_size' and 'flip_indices' among PackRadarInputs.meta_keys"):
        RandomMirror(prob=1.0)(torch.zeros(1, FRAMES, 2, 1, 4, 8, 5), [unknown])
