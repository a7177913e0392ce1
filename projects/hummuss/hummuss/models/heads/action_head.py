"""Classes and embeddings of clips."""

from __future__ import annotations

from jaxtyping import Float
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn.functional import normalize

from mmradar.registry import MODELS


class _ClipFeatures(BaseModule):
    """Mean over frames, all joints side by side, linear, ReLU: one vector for a person; the mean over persons."""

    def __init__(
        self, in_channels: int, num_joints: int, hidden_channels: int, dropout: float, init_cfg: dict | None
    ) -> None:
        super().__init__(init_cfg)
        self.layers = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(in_channels * num_joints, hidden_channels),
            # Of a vector, not of a batch: a batch of one clip trains and tests alike (MotionBERT has BatchNorm; ours)
            nn.LayerNorm(hidden_channels),
            nn.ReLU(),
        )

    def forward(self, features: Tensor) -> Tensor:
        if features.ndim not in (4, 5):
            raise ValueError(
                'action heads take (batch, frames, joints, dims) or (batch, persons, frames, joints, dims), found '
                f'{tuple(features.shape)}'
            )
        vectors = self.layers(features.mean(-3).flatten(-2))
        return vectors if features.ndim == 4 else vectors.mean(1)


@MODELS.register_module()
class ActionHead(BaseModule):
    """Action classification of clips, after MotionBERT's head.

    Args:
        in_channels: Width of the features.
        num_joints: Joints.
        num_classes: Actions; 60 in NTU-RGB+D.
        hidden_channels: Width of the clip's vector; 512 makes 16M parameters of the model with the action backbone.
        dropout: On the features.
    """

    def __init__(
        self,
        in_channels: int,
        num_joints: int = 17,
        num_classes: int = 60,
        hidden_channels: int = 512,
        dropout: float = 0.5,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.num_classes = num_classes
        self.clip = _ClipFeatures(in_channels, num_joints, hidden_channels, dropout, None)
        self.fc = nn.Linear(hidden_channels, num_classes)

    def forward(self, features: Float[Tensor, 'batch *persons frames joints dims']) -> Float[Tensor, 'batch classes']:
        """Logits."""
        return self.fc(self.clip(features))


@MODELS.register_module()
class EmbeddingHead(BaseModule):
    """Unit vectors of clips, for one-shot recognition by the nearest exemplar.

    Args:
        in_channels: Width of the features.
        num_joints: Joints.
        out_channels: Width of the embedding.
        hidden_channels: Width of the clip's vector.
        dropout: On the features.
    """

    def __init__(
        self,
        in_channels: int,
        num_joints: int = 17,
        out_channels: int = 256,
        hidden_channels: int = 512,
        dropout: float = 0.1,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.clip = _ClipFeatures(in_channels, num_joints, hidden_channels, dropout, None)
        self.fc = nn.Linear(hidden_channels, out_channels)

    def forward(self, features: Float[Tensor, 'batch *persons frames joints dims']) -> Float[Tensor, 'batch channels']:
        return normalize(self.fc(self.clip(features)), dim=-1)
