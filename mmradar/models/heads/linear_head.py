"""Linear layer from an encoder's features to keypoints."""

from __future__ import annotations

import math

from jaxtyping import Float
from torch import Tensor, nn

from mmradar.models.heads.keypoint_head import KeypointHead
from mmradar.registry import MODELS


@MODELS.register_module()
class LinearHead(KeypointHead):
    """One linear layer from the features of a window to the keypoints of the key frame.

    The output layer of mm-Pose (Sengupta et al., IEEE Sensors Journal 2020), whose other fully connected layers are in
    :class:`~mmradar.models.backbones.ForkedCNN`.

    Args:
        num_keypoints: Joints J.
        in_features: Number of features of a window.
        codec, losses, target_losses: See :class:`~mmradar.models.heads.KeypointHead`.

    Raises:
        ConfigError: Losses of keypoints with a codec that has no gradient.
    """

    key_frame_only = True

    def __init__(
        self,
        num_keypoints: int = 14,
        in_features: int = 128,
        codec: dict | None = None,
        losses: dict[str, dict | None] | None = None,
        target_losses: dict[str, dict | None] | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(num_keypoints, None, codec, losses, target_losses, init_cfg)
        self.to_keypoints = nn.Linear(in_features, num_keypoints * math.prod(self.codec.shape))

    def forward(self, feats: tuple[Float[Tensor, 'batch features']]) -> Float[Tensor, 'batch 1 joints *shape']:
        """Return the raw outputs for every joint of the key frame, which the codec interprets."""
        return self.to_keypoints(feats[-1]).unflatten(-1, (1, self.num_keypoints, *self.codec.shape))
