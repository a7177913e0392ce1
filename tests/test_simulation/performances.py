"""Random performances, and what can be read off their joints."""

from dataclasses import replace

import numpy as np

from mmradar.simulation import JOINT_NAMES, Performance, Subject

INDEX = {name: i for i, name in enumerate(JOINT_NAMES)}


def performances(motion, count=12, **changes):
    """Random performances by random subjects."""
    for seed in range(count):
        rng = np.random.default_rng([seed, 17])
        yield replace(Performance.random(Subject.random(rng), motion, rng), **changes)


def pelvis_of(joints):
    return (joints[:, INDEX['R_Hip']] + joints[:, INDEX['L_Hip']]) / 2


def heading_of(joints):
    """Where the pelvis faces, in rad, unwrapped."""
    right = joints[:, INDEX['R_Hip']] - joints[:, INDEX['L_Hip']]
    return np.unwrap(np.arctan2(right[:, 1], right[:, 0]))
