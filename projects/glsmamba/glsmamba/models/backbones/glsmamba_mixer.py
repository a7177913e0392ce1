"""Mixer that puts GLSMamba's blocks into milliMamba's encoder."""

from __future__ import annotations

from jaxtyping import Float
from mmengine.model import BaseModule
from torch import Tensor, nn

from glsmamba.models.layers import GSMBlock, LRMBlock
from mmradar.errors import ConfigError
from mmradar.registry import MODELS


@MODELS.register_module()
class GLSMambaMixer(BaseModule):
    """Global scans and local windows over (range, angle, view, frame), instead of milliMamba's Vision Mamba layers.

    A mixer of :class:`~mmradar.models.backbones.CVMamba`, which keeps its stems, positions and final norm, so that its
    head fits. The paper of GLSMamba is about video; its transfer to radar is our choice. The T V maps of angle (rows)
    by range (columns) take the role of video frames: frame after frame, with the views of a frame next to each other,
    in the order of milliMamba's sequence. The unified scans thus run over a panorama of all maps, the spatial scans
    within each map, and the temporal scans through all views and frames of a cell; windows contain all maps, and
    channel attention weights the channels of each map. Views of different antennas share the range axis, but a row is
    an azimuth in one and an elevation in the other: as in CVMamba, each view's position embeddings tell them apart.
    Tokens are returned row by row.

    Args:
        embed_dims, num_frames, num_views, map_size: Set by CVMamba.
        num_gsm: Number of GSM blocks, over all maps.
        num_lrm: Number of LRM blocks, within windows.
        attention_dims: Hidden width of the GSM blocks' channel attention.
        ffn_ratio: Hidden width of the blocks' FFN as a multiple of ``embed_dims``.
        window: Angle and range cells of a window. (4, 4) with the 18 maps of HuPR makes 288 tokens; the paper's
            windows in video have 240.
        s6_cfg: ``d_state``, ``dt_rank``, ``weights`` and ``backend`` of :class:`~glsmamba.models.layers.S6`.
        gsm_cfg: Further arguments of :class:`~glsmamba.models.layers.GSMBlock`: ``directions``, ``merge``, ...

    Raises:
        ConfigError: If sizes are impossible or names unknown.
    """

    def __init__(
        self,
        embed_dims: int,
        num_frames: int,
        num_views: int,
        map_size: tuple[int, int],
        num_gsm: int = 2,
        num_lrm: int = 2,
        attention_dims: int = 16,
        ffn_ratio: float = 2,
        window: tuple[int, int] = (4, 4),
        s6_cfg: dict | None = None,
        gsm_cfg: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if min(num_gsm, num_lrm) < 0:
            raise ConfigError(f'GLSMambaMixer: there cannot be num_gsm={num_gsm} and num_lrm={num_lrm} blocks')
        maps = num_frames * num_views
        gsm_cfg = {**dict(attention_dims=attention_dims, ffn_ratio=ffn_ratio, s6_cfg=s6_cfg), **(gsm_cfg or {})}
        self.gsm = nn.Sequential(*(GSMBlock(embed_dims, maps, **gsm_cfg) for _ in range(num_gsm)))
        self.lrm = nn.Sequential(*(LRMBlock(embed_dims, ffn_ratio, window, s6_cfg) for _ in range(num_lrm)))

    def forward(
        self, maps: Float[Tensor, 'batch views dims frames height width']
    ) -> Float[Tensor, 'batch length dims']:
        x = maps.permute(0, 3, 1, 4, 5, 2).flatten(1, 2)  # batch, frames x views, angle, range, dims
        return self.lrm(self.gsm(x)).flatten(1, 3)
