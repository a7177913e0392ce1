"""Heads for classes and embeddings of clips."""

from __future__ import annotations

from jaxtyping import Float
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn.functional import normalize

from mmradar.registry import MODELS


class _ClipFeatures(BaseModule):
    """Layers that turn the features of a clip into one vector, the mean over its persons.

    For each person: mean over frames, concatenation of the joints, linear layer, norm, ReLU.
    """

    def __init__(
        self, in_channels: int, num_joints: int, hidden_channels: int, dropout: float, init_cfg: dict | None
    ) -> None:
        super().__init__(init_cfg)
        self.layers = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(in_channels * num_joints, hidden_channels),
            # Our choice instead of MotionBERT's BatchNorm, so that a single clip is treated alike in training and test
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
        num_joints: Number of joints.
        num_classes: Number of actions; 60 in NTU-RGB+D.
        hidden_channels: Width of the clip's vector; 512 gives the model with the action backbone 16M parameters.
        dropout: Dropout probability of the features.
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
        """Compute the logits."""
        return self.fc(self.clip(features))


@MODELS.register_module()
class EmbeddingHead(BaseModule):
    """Head that embeds clips as unit vectors, for one-shot recognition by the nearest exemplar.

    Args:
        in_channels: Width of the features.
        num_joints: Number of joints.
        out_channels: Width of the embedding.
        hidden_channels: Width of the clip's vector.
        dropout: Dropout probability of the features.
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
