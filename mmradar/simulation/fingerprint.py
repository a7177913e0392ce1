"""Fingerprints of the named sets, to check that a set simulated here equals the published one.

A fingerprint is a few numbers from the annotations and from the raw frames.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from mmradar.errors import DataError
from mmradar.simulation.camera import Camera
from mmradar.simulation.hupr_writer import simulate_sequence
from mmradar.simulation.plan import PLANS, SimulationPlan

_PUBLISHED = Path(__file__).with_name('fingerprints.json')
_SAMPLES = 96  # words taken from a raw frame
_SEQUENCES = 300  # fewest sequences whose keypoints are used; all of a smaller set
# Sines and random numbers differ in their last digits between processors, so a sample may round differently.
ANNOTATION_TOLERANCE_PX = 1e-3
SAMPLE_TOLERANCE_COUNTS = 1


def fingerprint(plan: SimulationPlan) -> dict[str, Any]:
    """Compute a few numbers that identify a set.

    Returns:
        ``keypoints_px``: mean and standard deviation over sequences and frames, and the keypoints in the first frame of
        each split's first sequence; ``samples``: equally spaced words of the first raw frames of the same sequences.
    """
    camera = Camera()
    start_s = np.arange(plan.num_frames) / plan.radar_config.frame_rate_hz
    sequences = range(1, plan.num_sequences + 1)[:: max(1, plan.num_sequences // _SEQUENCES)]
    keypoints = np.stack([camera.project(plan.performance(n).joints_m(start_s)) for n in sequences])
    chosen = sorted({numbers[0] for numbers in plan.splits.values() if numbers})
    samples = {}
    for sequence in chosen:
        raw, *_ = simulate_sequence(plan.changed(num_frames=1), sequence, camera)
        for view, words in raw.items():
            flat = words.reshape(-1)
            samples[f'{sequence}/{view}'] = flat[:: len(flat) // _SAMPLES][:_SAMPLES].tolist()
    return {
        'keypoints_px': {
            'mean': round(float(keypoints.mean()), 6),
            'deviation': round(float(keypoints.std()), 6),
            'first': {
                str(n): camera.project(plan.performance(n).joints_m(start_s[:1]))[0].round(5).tolist() for n in chosen
            },
        },
        'samples': samples,
    }


def published_fingerprints() -> dict[str, dict[str, Any]]:
    """Return the fingerprints of the named sets that are published with this version."""
    return json.loads(_PUBLISHED.read_text())


def check_fingerprint(name: str) -> None:
    """Raise if a named set simulated here differs from the published one.

    Raises:
        DataError: The sets differ; the message says where.
    """
    expected, found = published_fingerprints()[name], fingerprint(PLANS[name])
    for key in ('mean', 'deviation'):
        _compare(
            f'{name}, {key} of keypoints in px',
            expected['keypoints_px'][key],
            found['keypoints_px'][key],
            ANNOTATION_TOLERANCE_PX,
        )
    for sequence, keypoints in expected['keypoints_px']['first'].items():
        what = f'{name}, keypoints of sequence {sequence} in px'
        _compare(what, keypoints, found['keypoints_px']['first'][sequence], ANNOTATION_TOLERANCE_PX)
    for place, samples in expected['samples'].items():
        _compare(f'{name}, samples of {place} in counts', samples, found['samples'][place], SAMPLE_TOLERANCE_COUNTS)


def _compare(what: str, expected: Any, found: Any, tolerance: float) -> None:
    difference = np.abs(np.asarray(expected) - np.asarray(found)).max()
    if difference > tolerance:
        raise DataError(f'{what} differ by up to {difference:g} from those published; at most {tolerance:g} may be')


def write_fingerprints() -> None:
    """Replace the published fingerprints, for a new version of the simulator."""
    _PUBLISHED.write_text(json.dumps({name: fingerprint(plan) for name, plan in PLANS.items()}) + '\n')
