"""Body models: meshes of people from joint rotations and shape coefficients."""

from hummuss.body_models.anny_body import AnnyBody
from hummuss.body_models.linear_body import KEYPOINT_JOINTS, BodyArrays, LinearBody
from hummuss.body_models.retargeting import rotations_from_keypoints
from hummuss.body_models.smpl_body import SmplBody

__all__ = ['KEYPOINT_JOINTS', 'AnnyBody', 'BodyArrays', 'LinearBody', 'SmplBody', 'rotations_from_keypoints']
