"""Convolution over the nodes of a graph."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from jaxtyping import Float
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmradar.errors import ConfigError


def adjacency_matrix(num_nodes: int, links: Iterable[tuple[int, int]]) -> Float[Tensor, 'nodes nodes']:
    """Return a matrix with 1 at (i, j) where a link leads from node j to node i, and on the diagonal.

    Args:
        num_nodes: Number of nodes.
        links: (from, to) pairs; a link in both directions is two pairs.

    Raises:
        ConfigError: A link to a node that does not exist.
    """
    adjacency = torch.eye(num_nodes)
    for source, target in links:
        if not (0 <= source < num_nodes and 0 <= target < num_nodes):
            raise ConfigError(f'links must be between nodes 0 and {num_nodes - 1}, found {(source, target)}')
        adjacency[target, source] = 1
    return adjacency


class GraphConvolution(BaseModule):
    """Sum over each node's neighbourhood, then one linear map for all nodes and a bias for each node.

    ``y_i = W sum_j A_ij x_j + b_i``, as in HuPR's public code: the sum is not divided by the number of neighbours.

    Args:
        in_features: Input features of a node.
        out_features: Output features of a node.
        adjacency: See :func:`adjacency_matrix`.
    """

    adjacency: Float[Tensor, 'nodes nodes']

    def __init__(
        self,
        in_features: int,
        out_features: int,
        adjacency: Float[Tensor, 'nodes nodes'],
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.linear = nn.Linear(in_features, out_features, bias=False)
        self.bias = nn.Parameter(torch.empty(len(adjacency), out_features))
        bound = in_features**-0.5  # the bound of nn.Linear's weights
        nn.init.uniform_(self.bias, -bound, bound)
        self.register_buffer('adjacency', adjacency, persistent=False)

    def forward(self, x: Float[Tensor, 'n nodes features']) -> Float[Tensor, 'n nodes out']:
        return self.linear(self.adjacency @ x) + self.bias
