"""SMPL, for those who have its licensed files."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hummuss.body_models.linear_body import BodyArrays, LinearBody
from mmradar.errors import ConfigError
from mmradar.registry import MODELS

# SMPL's 24 joints; those of the keypoints have the names that all body models share.
_JOINT_NAMES = (
    *('pelvis', 'left_hip', 'right_hip', 'spine1', 'left_knee', 'right_knee', 'spine2', 'left_ankle', 'right_ankle'),
    *('spine3', 'left_foot', 'right_foot', 'neck', 'left_collar', 'right_collar', 'head', 'left_shoulder'),
    *('right_shoulder', 'left_elbow', 'right_elbow', 'left_wrist', 'right_wrist', 'left_hand', 'right_hand'),
)


@MODELS.register_module()
class SmplBody(LinearBody):
    """SMPL (Loper et al., SIGGRAPH Asia 2015), 24 joints, 6890 vertices, from its licensed files.

    The package ``smplx`` reads the files by unpickling them, which runs any code that they contain; the equations are
    those of :class:`LinearBody`. **Not run on SMPL's own files**, which were not available.

    Args:
        model_path: File or folder of the model, as ``smplx.create`` takes it.
        gender: ``'neutral'``, ``'female'`` or ``'male'``.
        num_betas: Number of shape coefficients.
        unpickle: Permission to unpickle the files; for files from the official site.

    Raises:
        ConfigError: ``smplx`` is not installed, ``model_path`` does not exist, or ``unpickle`` is not set, or ``smplx``
            cannot read the files.
    """

    def __init__(self, model_path: str, gender: str = 'neutral', num_betas: int = 10, unpickle: bool = False) -> None:
        if not unpickle:
            raise ConfigError(
                f'SmplBody: SMPL is published as pickles, which can run code when they are read. If {model_path} is '
                'from https://smpl.is.tue.mpg.de, set unpickle=True'
            )
        try:
            import smplx  # pyright: ignore[reportMissingImports]
        except ImportError as error:
            raise ConfigError(
                "SmplBody needs the package smplx (pip install smplx) and SMPL's licensed files from "
                "https://smpl.is.tue.mpg.de; dict(type='AnnyBody') is a body without a licence to sign"
            ) from error
        if not Path(model_path).exists():
            raise ConfigError(f'SmplBody.model_path: {model_path} does not exist; see https://smpl.is.tue.mpg.de')
        try:
            smpl = smplx.create(model_path, model_type='smpl', gender=gender, num_betas=num_betas)
        except (ImportError, AssertionError, OSError) as error:
            raise ConfigError(
                f'SmplBody: smplx cannot read {model_path} with gender {gender!r} ({error}). It takes a file, '
                'or a folder with smpl/SMPL_NEUTRAL.pkl, SMPL_FEMALE.pkl and SMPL_MALE.pkl. Files that need the '
                "package chumpy are converted by smplx's tools/clean_ch.py"
            ) from error
        values = {
            name: np.asarray(getattr(smpl, name).detach().cpu(), np.float64)
            for name in ('v_template', 'shapedirs', 'J_regressor', 'posedirs', 'lbs_weights')
        }
        directions = np.moveaxis(values['shapedirs'], -1, 0)
        super().__init__(
            BodyArrays(
                joint_names=_JOINT_NAMES,
                parents=(-1, *(int(parent) for parent in smpl.parents[1:])),
                vertices_m=values['v_template'],
                joints_m=values['J_regressor'] @ values['v_template'],
                vertex_dirs_m=directions,
                joint_dirs_m=np.einsum('jv,svc->sjc', values['J_regressor'], directions),
                weights=values['lbs_weights'],
                faces=np.asarray(smpl.faces, np.int64),
                pose_dirs_m=values['posedirs'].reshape(len(values['posedirs']), -1, 3),
            )
        )
