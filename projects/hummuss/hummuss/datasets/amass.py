"""Reader of motions in AMASS's ``.npz`` format."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mmradar.errors import DataError
from mmradar.simulation import JOINT_NAMES, MotionSequence
from mmradar.simulation.motion_files.arrays import load_npz

# Arrays that mark a file as AMASS-style; one of them is enough.
AMASS_KEYS = {'mocap_framerate', 'mocap_frame_rate'}
# The first 22 joints of SMPL, SMPL+H and SMPL-X.
SMPL_JOINTS = (
    *('pelvis', 'L_Hip', 'R_Hip', 'spine1', 'L_Knee', 'R_Knee', 'spine2', 'L_Ankle', 'R_Ankle', 'spine3'),
    *('L_Foot', 'R_Foot', 'Neck', 'L_Collar', 'R_Collar', 'Head', 'L_Shoulder', 'R_Shoulder'),
    *('L_Elbow', 'R_Elbow', 'L_Wrist', 'R_Wrist'),
)


def read_amass(path: str | Path, name: str | None = None) -> MotionSequence:
    """Read joint positions of an AMASS-style file.

    AMASS itself holds parameters of the body model (``poses``, ``betas``, ``trans``), not joints; users with a licence
    for SMPL add an array ``joints`` to the file. Other arrays are not read.

    Args:
        path: ``.npz`` with ``joints`` in m with z up, (frames, 22 or more, 3) in SMPL's order or (frames, 14, 3) in
            HuPR's, and the frame rate ``mocap_framerate`` (AMASS) or ``mocap_frame_rate`` (SMPL-X's files).
        name: Name of the motion; the file name without suffix if ``None``.

    Raises:
        FileNotFoundError: The file does not exist.
        DataError: The file has no ``joints`` or no frame rate, or the joints are not a person's motion.
    """
    path = Path(path)
    try:
        joints = load_npz(path, ['joints'])['joints']
    except DataError as error:
        raise DataError(
            f'{error}\n  AMASS files hold parameters of SMPL+H, whose model files are licensed and not read here. '
            'Run the body model over `poses`, `betas` and `trans` (package smplx), and save its joints, '
            '(frames, 22 or more, 3) in m, as the array `joints` of the same file.'
        ) from error
    rate = None
    for key in sorted(AMASS_KEYS):
        try:
            rate = load_npz(path, [key])[key]
        except DataError:
            continue
        break
    if rate is None or rate.size != 1 or rate.dtype.kind not in 'iuf':
        raise DataError(f'{path}: expected the frame rate in Hz as one number, mocap_framerate')
    if joints.ndim != 3 or joints.shape[2] != 3 or not (joints.shape[1] == 14 or joints.shape[1] >= len(SMPL_JOINTS)):
        raise DataError(f"{path}: expected 'joints' (frames, 22 or more, 3), or (frames, 14, 3), found {joints.shape}")
    if joints.shape[1] != len(JOINT_NAMES):
        joints = joints[:, [SMPL_JOINTS.index(joint) for joint in JOINT_NAMES]]
    return MotionSequence(joints, float(np.asarray(rate).reshape(())), name or path.stem, str(path))
