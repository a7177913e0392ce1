"""Encoder of GLSMamba: from the feature maps of all frames to one of the key frame."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn

from glsmamba.models.layers import GSMBlock, LRMBlock
from glsmamba.models.necks.clip_neck import ClipNeck
from mmradar.errors import ConfigError
from mmradar.registry import MODELS


@MODELS.register_module()
class GLSMamba(ClipNeck):
    """Global-local state-space model over all frames' tokens (GLSMamba, arXiv 2510.11017).

    The blocks between the steps of :class:`~glsmamba.models.necks.clip_neck.ClipNeck`: GSM blocks over the whole clip,
    then LRM blocks within windows. Our choices: default sizes that the paper does not give, of FFN, channel attention,
    deformable convolution and state. With a head of 15 joints these give the paper's 9.8M trainable parameters.

    Args:
        in_channels, embed_dims, num_frames, upsample: See :class:`~glsmamba.models.necks.clip_neck.ClipNeck`.
        num_gsm: Number of GSM blocks; 0 for the ablation.
        num_lrm: Number of LRM blocks; 0 for the ablation.
        attention_dims: Hidden width of the sequential channel attention.
        ffn_ratio: Hidden width of the FFN as a multiple of D.
        directions: Directions of the scans in GSM blocks: ``'all'``, ``'unified+spatial'`` or ``'unified'``.
        merge: Merging of the scans' results in GSM blocks, see :class:`~glsmamba.models.layers.stmm.STMM`.
        bidirectional: See :func:`~glsmamba.models.layers.scan_orders.scan_orders`.
        reset_state: See :class:`~glsmamba.models.layers.sts6d.STS6D`.
        window: Rows and columns of the windows in LRM blocks.
        d_state: State size per channel in the scans.
        scan_weights: S6 weights ``'shared'`` by all directions of a block, or ``'separate'``.
        backend: See :func:`mmradar.ops.selective_scan`.
        compensation_cfg: Arguments of :class:`~glsmamba.models.layers.stmm.ModulatedCompensation`.

    Raises:
        ConfigError: If sizes are impossible or names unknown.
    """

    def __init__(
        self,
        in_channels: int = 256,
        embed_dims: int = 256,
        num_frames: int = 5,
        num_gsm: int = 4,
        num_lrm: int = 2,
        attention_dims: int = 600,
        ffn_ratio: float = 3,
        directions: str = 'all',
        merge: str = 'stmm',
        bidirectional: bool = True,
        reset_state: bool = False,
        window: tuple[int, int] = (8, 6),
        d_state: int = 16,
        scan_weights: str = 'shared',
        backend: str = 'auto',
        compensation_cfg: dict | None = None,
        upsample: int = 1,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(in_channels, embed_dims, num_frames, upsample, init_cfg)
        if d_state < 1:
            raise ConfigError(f'GLSMamba: sizes must be positive, found d_state={d_state}')
        if min(num_gsm, num_lrm) < 0:
            raise ConfigError(f'GLSMamba: there cannot be num_gsm={num_gsm} and num_lrm={num_lrm} blocks')
        s6_cfg = dict(d_state=d_state, weights=scan_weights, backend=backend)
        self.gsm = nn.Sequential(
            *(
                GSMBlock(
                    embed_dims,
                    num_frames,
                    attention_dims,
                    ffn_ratio,
                    directions,
                    merge,
                    bidirectional,
                    reset_state,
                    s6_cfg,
                    compensation_cfg,
                )
                for _ in range(num_gsm)
            )
        )
        self.lrm = nn.Sequential(*(LRMBlock(embed_dims, ffn_ratio, window, s6_cfg) for _ in range(num_lrm)))

    def mix(
        self, x: Float[Tensor, 'batch frames height width dims']
    ) -> Float[Tensor, 'batch frames height width dims']:
        return self.lrm(self.gsm(x))
