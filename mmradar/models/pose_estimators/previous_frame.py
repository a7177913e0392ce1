"""Oracle that predicts the true pose of the frame before."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from mmradar.errors import ConfigError
from mmradar.models.pose_estimators.fitted_pose_estimator import key_frame_labels, why_oracle
from mmradar.models.pose_estimators.mean_pose import MeanPose
from mmradar.registry import MODELS


@MODELS.register_module()
class PreviousFrame(MeanPose):
    """ORACLE, NOT A MODEL: it predicts the TRUE pose of the frame before the one that is predicted.

    It tells how far a person moves within a frame: what a perfect estimator reaches that is one frame late, a bound of
    what smoothness alone can give. It refuses samples without labels.

    Labels are those of the window, so the key frame must have another before it: ``num_frames=2, key_frame='last'`` is
    enough. A joint that is not labelled in the frame before is taken from the nearest earlier frame of the window in
    which it is. Where there is none, as in the first frame of a sequence, the prediction is the mean training pose
    (:class:`MeanPose`); this is our choice.

    Args:
        **kwargs: See :class:`FittedPoseEstimator`.
    """

    def predict_keypoints(self, inputs: Tensor, data_samples: list) -> Float[Tensor, 'batch joints dims']:
        """Return the true keypoints of the frames before the key frames, in px or m.

        Raises:
            ConfigError: A sample has no labels, does not state the number of its frame, or has its key frame first.
        """
        key_frame_labels(data_samples, why_oracle(self))
        found = self.mean_pose.repeat(len(data_samples), 1, 1)
        for pose, sample in zip(found, data_samples):
            known = sample.metainfo
            if missing := [name for name in ('frame', 'key_index') if known.get(name) is None]:
                raise ConfigError(
                    f'PreviousFrame needs the {missing[0]!r} of a sample, its number in the sequence or the window: '
                    'the data set must state it, and PackRadarInputs.meta_keys hold it'
                )
            if not known['key_index']:
                raise ConfigError(
                    'PreviousFrame needs windows with a frame before the one that is predicted, found the first frame '
                    "as key frame: set num_frames=2 and key_frame='last'"
                )
            if known['frame'] == 0:
                continue  # the frames before the first, which fill its window, are the first itself
            labels = sample.gt_instance_labels
            for frame in range(known['key_index']):  # later frames replace earlier ones
                counted = labels.keypoint_weights[frame] > 0
                pose[counted] = labels.keypoints[frame, counted].to(pose)
        return found
