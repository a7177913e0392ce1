"""HuPR's refinement of heatmaps by the skeleton."""

from __future__ import annotations

from collections.abc import Sequence

from jaxtyping import Float
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn.functional import interpolate

from mmradar.errors import ConfigError
from mmradar.models.layers.graph_convolution import GraphConvolution, adjacency_matrix

_BOTH_WAYS = (
    ((0, 1), (1, 2), (3, 4), (4, 5), (0, 3))  # legs, hip to hip
    + ((8, 9), (9, 10), (11, 12), (12, 13), (6, 7))  # arms, neck to head
)
# The neck hears the shoulders and they do not hear it, and nothing links trunk and legs: so in the public code.
HUPR_LINKS: tuple[tuple[int, int], ...] = (*_BOTH_WAYS, *((b, a) for a, b in _BOTH_WAYS), (8, 6), (11, 6))


class PRGCN(BaseModule):
    """Pose Refinement Graph Convolutional Network: each joint's heatmap is redrawn from its neighbours'.

    HuPR (Lee et al., WACV 2023), sizes and links from its public code. A node's features are its joint's heatmap at
    half the size; graph convolutions keep their number, with ReLU between; the result is scaled up again. Both scalings
    are bilinear with aligned corners.

    Args:
        num_keypoints: Joints J.
        heatmap_size: (width, height) in cells, even.
        links: (from, to) pairs of joints; HuPR's 14 joints by default.
        num_layers: Graph convolutions.

    Raises:
        ConfigError: An odd heatmap, or a link to a joint that does not exist.
    """

    def __init__(
        self,
        num_keypoints: int = 14,
        heatmap_size: tuple[int, int] = (64, 64),
        links: Sequence[tuple[int, int]] = HUPR_LINKS,
        num_layers: int = 3,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        width, height = heatmap_size
        if width % 2 or height % 2:
            raise ConfigError(f'PRGCN.heatmap_size must be even, found {tuple(heatmap_size)}')
        self.node_shape = (height // 2, width // 2)
        features = self.node_shape[0] * self.node_shape[1]
        adjacency = adjacency_matrix(num_keypoints, links)
        self.layers = nn.ModuleList(GraphConvolution(features, features, adjacency) for _ in range(num_layers))

    def forward(self, heatmaps: Float[Tensor, 'n joints height width']) -> Float[Tensor, 'n joints height width']:
        """Logits in, logits out."""
        x = interpolate(heatmaps, self.node_shape, mode='bilinear', align_corners=True).flatten(2)
        for number, layer in enumerate(self.layers):
            x = layer(x.relu() if number else x)
        return interpolate(x.unflatten(2, self.node_shape), heatmaps.shape[2:], mode='bilinear', align_corners=True)
