"""HuPR's encoder."""

from __future__ import annotations

from jaxtyping import Float
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmradar.errors import ConfigError
from mmradar.models.backbones.window_size import check_window
from mmradar.models.layers import CrossSelfAttention, ViewPyramid
from mmradar.registry import MODELS


@MODELS.register_module()
class HuPREncoder(BaseModule):
    """HuPR's encoder: each of two radars has MNet and a 3D CNN of three scales; attention fuses them at each scale.

    HuPR (Lee et al., WACV 2023), "Multi-Scale Spatio-Temporal Radar Feature Fusion with CSAM"; the sizes are those of
    its public code.

    Args:
        num_frames: Frames T of a window, at least 4. HuPR has 8: the key frame, four before it and three after.
        num_views: Number of radars, which must be two, the horizontal one first.
        input_size: (angle, range) bins of a heatmap.
        stem: Arguments of :class:`~mmradar.models.layers.ViewPyramid`, without ``num_frames``.

    Raises:
        ConfigError: Not two radars, too few frames, or a heatmap that cannot be halved as often as needed.
    """

    def __init__(
        self,
        num_frames: int = 8,
        num_views: int = 2,
        input_size: tuple[int, int] = (64, 64),
        stem: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if num_views != 2:
            raise ConfigError(f'HuPREncoder.num_views must be 2, as each radar attends to the other; found {num_views}')
        stem = {'channels': 32, 'stride': 1, **(stem or {})}
        reduction = 4 * stem['stride']
        if any(size % reduction for size in input_size):
            raise ConfigError(
                f'HuPREncoder.input_size must be divisible by {reduction}, 4 times the stride; found '
                f'{tuple(input_size)}'
            )
        num_angles, num_bins = input_size
        self.num_frames, self.num_views, self.input_size = num_frames, num_views, (num_angles, num_bins)
        self.pyramids = nn.ModuleList(ViewPyramid(num_frames, **stem) for _ in range(num_views))
        self.fusions = nn.ModuleList(CrossSelfAttention(stem['channels'] * factor) for factor in (2, 4, 8))

    def forward(
        self, inputs: Float[Tensor, 'batch frames views channels angle doppler range']
    ) -> tuple[
        Float[Tensor, 'batch fine r a'], Float[Tensor, 'batch middle r2 a2'], Float[Tensor, 'batch coarse r4 a4']
    ]:
        """Return fused maps of 8C, 16C and 32C channels, C being MNet's; rows are range, columns are angle."""
        check_window('HuPREncoder', inputs, self.num_frames, self.num_views, self.input_size)
        hori, vert = (pyramid(inputs[:, :, view]) for view, pyramid in enumerate(self.pyramids))
        return tuple(fuse(*maps) for fuse, *maps in zip(self.fusions, hori, vert))
