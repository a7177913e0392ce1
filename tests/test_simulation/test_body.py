import numpy as np
import pytest
import torch

from mmradar.errors import ConfigError
from mmradar.radar import RadarConfig, heatmap_3d, remove_static_clutter
from mmradar.simulation import (
    HUPR_MOUNTINGS,
    JOINT_NAMES,
    BodySurface,
    Performance,
    Person,
    RadarSensor,
    Skin,
    Style,
    Subject,
    forward_kinematics,
)
from mmradar.simulation.body import _LIMBS

INDEX = {name: i for i, name in enumerate(JOINT_NAMES)}
SENSOR = torch.tensor([0.0, 0.0, 1.0], dtype=torch.float64)
FOREARM, UPPER_ARM, OTHER_FOREARM, TRUNK = 6, 4, 7, 8


def surface(**options):
    return BodySurface(Subject(), torch.Generator().manual_seed(0), **options)


def pose(heading=np.pi, place=(0.0, 2.4), **angles):
    joints = forward_kinematics(Subject(), angles, np.full(1, heading), np.array([place]))
    return torch.as_tensor(joints)[:, None]  # one frame, one node


def total_dbsm(body, joints, part=None):
    rcs = body.scatterers(joints, SENSOR).rcs_m2[0]
    return 10 * np.log10(rcs[body.part == part].sum().item() if part is not None else rcs.sum().item())


def test_there_are_enough_facets_and_they_face_the_radar():
    body = surface(skin=Skin(roughness_m=0))
    assert body.num_facets >= 300
    joints = pose()
    positions = body.scatterers(joints, SENSOR).positions_m[0, 0]
    # in front of the plane of the body, and no farther off the bones than a body is thick
    assert (positions[:, 1] < 2.4 + 0.01).all() and (positions[:, 1] > 2.4 - 0.3).all()


@pytest.mark.parametrize('heading', [0, np.pi / 4, np.pi / 2, np.pi, 4])
@pytest.mark.parametrize('height_m, girth', [(1.55, 0.85), (1.9, 1.25)])
def test_total_radar_cross_section_of_an_adult(heading, height_m, girth):
    """-10 to 0 dBsm, where published measurements of standing adults at 77 GHz lie."""
    subject = Subject(height_m=height_m, girth=girth)
    body = BodySurface(subject, torch.Generator().manual_seed(0))
    joints = torch.as_tensor(forward_kinematics(subject, {}, np.full(1, heading), np.array([[0.0, 2.4]])))[:, None]
    assert -10 <= total_dbsm(body, joints) <= 0.5


def test_a_limb_has_the_cross_section_of_a_rough_cylinder():
    """The integral of the rough surface's return over a cylinder: |R|^2 r L sqrt(2 pi) / 2 s."""
    skin = Skin(slope=0.3, diffuse=0.0, roughness_m=0, reflectivity=0.5)
    body = surface(skin=skin, occlusion=False)
    # a shank hangs straight down, broadside to a radar at its height
    joints = pose()
    knee, ankle = joints[0, 0, INDEX['R_Knee']], joints[0, 0, INDEX['R_Ankle']]
    level = torch.tensor([knee[0], 0.0, (knee[2] + ankle[2]) / 2], dtype=torch.float64)
    rcs = body.scatterers(joints, level).rcs_m2[0, body.part == _LIMBS.index(_LIMBS[2])].sum().item()
    length, radius = float((knee - ankle).norm()), 0.027 * 1.75  # mean of knee and ankle
    expected = 0.5 * radius * length * np.sqrt(2 * np.pi) / (2 * 0.3)
    assert rcs == pytest.approx(expected, rel=0.1)


def test_limbs_flash_when_seen_broadside_and_vanish_otherwise():
    body = surface()
    hanging, pointing = pose(), pose(shoulder_flexion_right=np.pi / 2)
    assert total_dbsm(body, hanging, FOREARM) > total_dbsm(body, pointing, FOREARM) + 15
    # the more specular, the more so
    mirror, rough = surface(skin=Skin(slope=0.1)), surface(skin=Skin(slope=0.4, diffuse=0.05))
    raised = pose(shoulder_flexion_right=0.6)
    loss = [total_dbsm(b, hanging, FOREARM) - total_dbsm(b, raised, FOREARM) for b in (mirror, body, rough)]
    assert loss[0] > loss[1] > loss[2] > 0 and loss[0] > loss[2] + 5


def test_what_is_behind_the_trunk_is_hidden():
    """Sideways, an arm behind the trunk; seen from the other side it is in front."""
    body = surface()
    side_on = pose(heading=np.pi / 2)  # faces -x: the right side is away... or towards the radar
    seen = body.scatterers(side_on, SENSOR).rcs_m2[0]
    right, left = (seen[body.part == part].sum().item() for part in (UPPER_ARM, UPPER_ARM + 1))
    near, far = max(right, left), min(right, left)
    assert far < 0.05 * near
    facing = body.scatterers(pose(), SENSOR).rcs_m2[0]
    assert (facing[body.part == FOREARM] > 0).all()
    everything = surface(occlusion=False).scatterers(side_on, SENSOR).rcs_m2[0]
    assert min(everything[body.part == part].sum().item() for part in (UPPER_ARM, UPPER_ARM + 1)) > 0.3 * near


def test_facets_move_smoothly_with_the_body():
    """Ways to the radar have no jumps: they never jump, not even by a millimetre."""
    performance = Performance(
        Subject(), 'raise_arms_forward', Style(0.6, 1.0, 0.1, 'right', 0.5), (0, 2.4), np.pi, (0.1,) * 6
    )
    times = np.arange(200) * 1e-3
    positions = Person(performance, surface()).scatterers(times[None], SENSOR).positions_m[0]
    distance = (positions - SENSOR).norm(dim=-1)
    speed = distance.diff(dim=0) / 1e-3
    assert speed.abs().max() > 0.5  # m/s: the arm does move
    assert speed.diff(dim=0).abs().max() / 1e-3 < 100  # m/s^2; a jump of a millimetre would be 1,000


def test_micro_doppler_of_a_swinging_arm_shows_its_speed():
    """Front to back; when the arm passes the vertical it is broadside and fastest, and its hand is fastest of all."""
    config = RadarConfig()
    sensor = RadarSensor(config, HUPR_MOUNTINGS['hori'])

    class Swing:
        def joints_m(self, time_s):
            time_s = np.asarray(time_s)
            angles = {'shoulder_flexion_right': 0.9 * np.sin(2 * np.pi * 0.9 * time_s)}
            return forward_kinematics(
                Subject(), angles, np.full(len(time_s), np.pi), np.tile([[0.0, 2.2]], (len(time_s), 1))
            )

    body = surface()
    person = Person(Swing(), body)
    start_s = np.arange(0, 1.1, 0.05)
    times = start_s[:, None] + config.frame_duration_s * np.array([0, 0.5, 1])
    seen = person.scatterers(times, sensor.position_m)
    arm = (body.part == UPPER_ARM) | (body.part == FOREARM)
    found, expected = [], []
    for frame in range(len(start_s)):
        cube = sensor.echo(seen.positions_m[frame], seen.rcs_m2[frame] * arm)
        doppler = (
            heatmap_3d(remove_static_clutter(cube) * torch.hann_window(64)[:, None], 64, antenna_order=None)
            .abs()
            .square()
            .sum((0, 2))
        )
        speeds = config.velocity_resolution_m_s * (torch.arange(64) - 32)
        strong = doppler > 10**-2.5 * doppler.max()  # within 25 dB
        found.append(float(speeds[strong].abs().max()))
        wrist = Swing().joints_m(times[frame])[:, INDEX['R_Wrist']]
        way = np.linalg.norm(wrist - np.asarray(HUPR_MOUNTINGS['hori'].position_m), axis=-1)
        expected.append(abs(way[2] - way[0]) / config.frame_duration_s)
    fastest = int(np.argmax(expected))
    assert expected[fastest] > 2  # m/s at the wrist; the hand is 14 cm farther out
    assert 0.9 * expected[fastest] < found[fastest] < 1.5 * expected[fastest]
    assert np.corrcoef(found, expected)[0, 1] > 0.8


@pytest.mark.parametrize(
    'options', [dict(slope=0), dict(reflectivity=1.5), dict(diffuse=-1), dict(roughness_m=1)], ids=str
)
def test_impossible_skins(options):
    with pytest.raises(ConfigError, match=f'Skin.{next(iter(options))} must be between'):
        Skin(**options)
