"""HuPR's refinement of heatmaps over the skeleton's graph."""

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
# As in the public code: links lead from the shoulders to the neck but not back, and none joins trunk and legs.
HUPR_LINKS: tuple[tuple[int, int], ...] = (*_BOTH_WAYS, *((b, a) for a, b in _BOTH_WAYS), (8, 6), (11, 6))


class PRGCN(BaseModule):
    """Pose Refinement Graph Convolutional Network: refines each joint's heatmap by its neighbours'.

    HuPR (Lee et al., WACV 2023), sizes and links from its public code. A node's features are its joint's heatmap at
    half the size; graph convolutions with ReLU in between keep their number; the result is scaled up again. Both
    scalings are bilinear with aligned corners.

    Args:
        num_keypoints: Joints J.
        heatmap_size: (width, height) in cells, both even.
        links: (from, to) pairs of joints; HuPR's 14 joints by default.
        num_layers: Number of graph convolutions.

    Raises:
        ConfigError: A heatmap of odd width or height, or a link to a joint that does not exist.
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
        """Return the refined logits from the logits of heatmaps."""
        x = interpolate(heatmaps, self.node_shape, mode='bilinear', align_corners=True).flatten(2)
        for number, layer in enumerate(self.layers):
            x = layer(x.relu() if number else x)
        return interpolate(x.unflatten(2, self.node_shape), heatmaps.shape[2:], mode='bilinear', align_corners=True)
