"""Baseline that predicts the pose of the training sample whose heatmaps are nearest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from mmradar.errors import ConfigError
from mmradar.evaluation import mean_positions
from mmradar.models.pose_estimators.fitted_pose_estimator import FittedPoseEstimator
from mmradar.registry import MODELS

METRICS = ('euclidean', 'cosine')


@MODELS.register_module()
class NearestNeighbour(FittedPoseEstimator):
    """Baseline that predicts the pose of the training sample whose heatmaps are nearest.

    Each heatmap of a window is pooled to a few cells by averaging; the pooled values of all frames and views are one
    vector, and vectors are compared by a distance. How well this does tells how much of a network's result is memory:
    of training people who stood there and moved alike. Pooling, its size and the distance are our choices.

    All training samples stay in memory: with two views, one frame, one channel and the default size, a sample takes
    1 kB, 30,000 samples 31 MB, in the checkpoint too, and a prediction 7.7 million multiply-accumulates; the fit takes
    two to three times the memory for a moment. All of this grows with the cells and with the frames of a window.

    Use log-magnitudes. Averages of complex heatmaps cancel, and a person's breath turns their phases.

    Args:
        pooled_size: Cells over angle, Doppler and range to which a heatmap is pooled; ``None`` keeps an axis.
        metric: Distance of two vectors: ``'euclidean'``, or ``'cosine'``, which does not depend on their lengths.
        **kwargs: See :class:`FittedPoseEstimator`.

    Raises:
        ConfigError: Unknown metric, or a size that is not three numbers.
    """

    shaped_by_fit = ('descriptors', 'poses')
    descriptors: Tensor
    poses: Tensor

    def __init__(self, pooled_size: Sequence[int | None] = (4, 2, 8), metric: str = 'euclidean', **kwargs) -> None:
        super().__init__(**kwargs)
        if metric not in METRICS:
            raise ConfigError(f'NearestNeighbour.metric must be one of {", ".join(METRICS)}, found {metric!r}')
        if len(pooled_size) != 3 or any(size is not None and size < 1 for size in pooled_size):
            raise ConfigError(
                'NearestNeighbour.pooled_size must be three numbers of cells, over angle, Doppler and range, found '
                f'{pooled_size!r}'
            )
        self.pooled_size, self.metric = (pooled_size[0], pooled_size[1], pooled_size[2]), metric
        self.register_buffer('descriptors', torch.zeros(0, 0))
        self.register_buffer('poses', torch.zeros(0, 0, 2, dtype=torch.float64))

    def describe(
        self, inputs: Float[Tensor, 'batch frames views channels angle doppler range']
    ) -> Float[Tensor, 'batch features']:
        """Return the vectors that are compared.

        Raises:
            ConfigError: A heatmap has fewer cells than it is to be pooled to.
        """
        size = inputs.shape[-3:]
        if any(wanted is not None and wanted > found for wanted, found in zip(self.pooled_size, size)):
            raise ConfigError(
                f'NearestNeighbour.pooled_size {self.pooled_size} is more than the heatmaps have: {tuple(size)} cells '
                'over angle, Doppler and range'
            )
        maps = inputs.flatten(0, 2)  # channels are averaged separately
        vectors = F.adaptive_avg_pool3d(maps, self.pooled_size).reshape(len(inputs), -1)
        return F.normalize(vectors, dim=1) if self.metric == 'cosine' else vectors

    def observe(self, inputs: Tensor, data_samples: list) -> dict[str, np.ndarray]:
        """Return labels and vectors of a batch of training samples.

        Raises:
            ConfigError: A sample has no labels.
        """
        return dict(super().observe(inputs, data_samples), descriptors=self.describe(inputs).cpu().numpy())

    def fit(self, observed: Mapping[str, np.ndarray]) -> None:
        """Keep the vectors and poses of all training samples. A joint that does not count gets its mean position.

        Raises:
            DataError: A joint is nowhere visible.
        """
        keypoints, visible = observed['keypoints'], observed['visible']
        self.learn('poses', np.where(visible[..., None] > 0, keypoints, mean_positions(keypoints, visible)))
        self.learn('descriptors', observed['descriptors'])

    def predict_keypoints(self, inputs: Tensor, data_samples: list) -> Float[Tensor, 'batch joints dims']:
        """Return the pose of the nearest training sample, in px or m; of several, the first in the training set.

        Raises:
            ConfigError: The heatmaps are not like those of the fit.
        """
        return self.poses[self.outputs(inputs).argmin(1)]

    def outputs(self, inputs: Tensor) -> Float[Tensor, 'batch samples']:
        """Return the squared distances to all training samples, less the squared length of the window's own vector.

        That length is the same for all training samples, of which there are none before the fit.
        """
        vectors = self.describe(inputs)
        if not len(self.descriptors):
            return vectors.new_zeros(len(vectors), 0)
        if vectors.shape[1] != self.descriptors.shape[1]:
            raise ConfigError(
                f'NearestNeighbour was fitted to heatmaps of {self.descriptors.shape[1]} pooled values, and these have '
                f'{vectors.shape[1]}: use the frames, views, channels and pooled_size of the fit'
            )
        return self.descriptors.square().sum(1) - 2 * vectors @ self.descriptors.T
