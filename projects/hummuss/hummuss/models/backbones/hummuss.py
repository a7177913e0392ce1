"""Backbone of HumMUSS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor, nn

from hummuss.models.layers import SpatioTemporalBlock
from hummuss.models.layers.stepping import Stepping
from hummuss.models.layers.weight_cache import WeightCacheModule
from mmradar.errors import ConfigError
from mmradar.registry import MODELS

# Named sizes. They are our choice, as the paper gives only "16M" for actions; tests/test_models.py counts parameters.
# MotionBERT's DSTFormer has 16.0M (256 wide, its Lite size) and 42.5M (512 wide) parameters.
SIZES = {
    'tiny': dict(embed_dims=64, depth=2),
    'small': dict(embed_dims=256, depth=6),
    'full': dict(embed_dims=512, depth=5, expansion=2),
    'action': dict(embed_dims=256, depth=5),
}


@MODELS.register_module()
class HumMUSS(WeightCacheModule):
    """Attention-free spatio-temporal backbone (HumMUSS, arXiv 2404.10880).

    A linear lifting layer, ``depth`` blocks of two streams of gated diagonal SSMs, and a final norm (our choice, as in
    DSTFormer). There is no positional encoding: the SSMs know the time from ``delta_scale``, and a joint from its
    position in the order of joints, which must be that of the training. Spatial layers run over the joints in both
    directions; temporal layers run in both, or only forwards if ``causal``.

    The names of all SSM parameters contain ``.ssm.``. They need a learning rate of their own,
    ``optim_wrapper.paramwise_cfg = dict(custom_keys={'.ssm.': dict(lr_mult=0.5)})``, and no weight decay: they have the
    attribute ``_no_weight_decay``, which mmradar's optimizers respect.

    Args:
        num_joints: Number of joints J of a pose.
        in_channels: Number of channels C of a joint: 2 coordinates, and usually a confidence.
        embed_dims: Width D of the features.
        depth: Number of blocks.
        causal: Let a frame depend only on itself and earlier frames; required for streams.
        expansion: Width of the gated branch divided by D.
        temporal_reduction: Factor k by which the width of the temporal SSMs is reduced; 2 in the paper.
        state_dims: Number of states of each SSM channel; 32 is our choice.
        temporal_delta: Range of initial step sizes of the temporal SSMs, in frames at the training rate; from S4D. The
            initial time constants are 2 / delta: 20 to 2,000 frames by default. For sequences longer than the windows
            of training, choose a range that keeps them within half a window, such as (0.05, 0.5) for 81 frames.
        temporal_memory: Bound of the temporal SSMs' time constants, in frames at the training rate, see
            :class:`~hummuss.models.layers.DiagonalSSM`; ``None`` for no bound, as in S4D. Without one, 70 % of the
            states remember longer than a training window of 81 frames lasts at first, and sum up more in longer
            sequences than in training. A bound of one window helps models that were trained without, but less the
            longer they were trained; overlapping windows (``test_cfg`` of ``HumMUSSLifter``) help them all. Our choice.
        spatial_delta: Range of initial step sizes of the spatial SSMs, in joints; larger, as there are few joints. Our
            choice.
        method: Algorithm of the SSMs at a steady rate: ``'chunked'``, ``'fft'``, or ``'auto'`` (chunked).
        dropout: Dropout probability after each layer's output projection.

    Raises:
        ConfigError: A size is not positive or does not fit the others.
    """

    def __init__(
        self,
        num_joints: int = 17,
        in_channels: int = 3,
        embed_dims: int = 256,
        depth: int = 6,
        causal: bool = False,
        expansion: float = 3,
        temporal_reduction: int = 2,
        state_dims: int = 32,
        temporal_delta: tuple[float, float] = (1e-3, 1e-1),
        temporal_memory: float | None = None,
        spatial_delta: tuple[float, float] = (1e-2, 0.5),
        method: str = 'auto',
        dropout: float = 0.0,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        sizes = dict(num_joints=num_joints, in_channels=in_channels, embed_dims=embed_dims, depth=depth)
        if bad := [f'{name}={value}' for name, value in sizes.items() if value < 1]:
            raise ConfigError(f'HumMUSS: sizes must be positive, found {", ".join(bad)}')
        self.num_joints, self.in_channels, self.embed_dims, self.causal = num_joints, in_channels, embed_dims, causal
        shared = dict(expansion=expansion, state_dims=state_dims, method=method, dropout=dropout)
        spatial = dict(delta_range=spatial_delta, **shared)
        temporal = dict(
            causal=causal,
            reduction=temporal_reduction,
            delta_range=temporal_delta,
            memory=temporal_memory,
            **shared,
        )
        self.lift = nn.Linear(in_channels, embed_dims)
        self.blocks = nn.ModuleList(SpatioTemporalBlock(embed_dims, spatial, temporal) for _ in range(depth))
        self.norm = nn.LayerNorm(embed_dims)

    @property
    def _blocks(self) -> Sequence[SpatioTemporalBlock]:
        return cast(Sequence[SpatioTemporalBlock], self.blocks)  # torch's ModuleList has no type for its elements

    def _check(self, inputs: Tensor, axes: str) -> None:
        expected = (self.num_joints, self.in_channels)
        if inputs.ndim != axes.count(',') + 3 or tuple(inputs.shape[-2:]) != expected or 0 in inputs.shape:
            raise ValueError(
                f'HumMUSS takes ({axes}, joints, channels) with {expected[0]} joints and {expected[1]} channels, as '
                f'its configuration says; found {tuple(inputs.shape)}'
            )

    def forward(
        self, inputs: Float[Tensor, 'batch frames joints channels'], delta_scale: float | Tensor | None = None
    ) -> Float[Tensor, 'batch frames joints dims']:
        """Compute the features of whole clips.

        Args:
            inputs: 2D poses, normalised as in training.
            delta_scale: Elapsed time per frame divided by the training period, that is training rate / test rate. A
                number, (batch,), or (batch, frames) with the time since the previous frame. ``None`` is 1.

        Raises:
            ValueError: The number of joints or channels is not the model's, or the shape of the scale does not fit.
        """
        self._check(inputs, 'batch, frames')
        scale = 1.0 if delta_scale is None else delta_scale
        if isinstance(scale, Tensor):
            # Checked here too, because the layers' message would name an operator that the caller does not know
            shapes = [(), (inputs.shape[0],), tuple(inputs.shape[:2])]
            if tuple(scale.shape) not in shapes:
                raise ValueError(
                    f'HumMUSS: delta_scale must be a number, (batch,) {shapes[1]} or (batch, frames) {shapes[2]}; '
                    f'found {tuple(scale.shape)}'
                )
            scale = scale.to(inputs.device)
        x = self.lift(inputs)
        for block in self.blocks:
            x = block(x, scale)
        return self.norm(x)

    def initial_state(self, batch: int = 1) -> list[list[Tensor]]:
        """Return the initial states of a stream, zeros: for each block, one for each of its two temporal layers.

        Raises:
            ConfigError: The model is not causal.
        """
        if not self.causal:
            raise ConfigError('a bidirectional HumMUSS cannot run frame by frame; build the model with causal=True')
        return [block.initial_state(batch, self.num_joints) for block in self._blocks]

    def step(
        self, inputs: Float[Tensor, 'batch joints channels'], states: list[list[Tensor]], delta_scale: float = 1.0
    ) -> Float[Tensor, 'batch joints dims']:
        """Compute the features of the next frame with a causal model; the same features as from :meth:`forward`.

        Args:
            inputs: 2D poses of the frame.
            states: States from :meth:`initial_state`; changed in place.
            delta_scale: Time since the previous frame divided by the training period.

        Raises:
            ValueError: The number of joints or channels is not the model's.
        """
        self._check(inputs, 'batch')
        ssms = [layer.ssm for block in self._blocks for layer in block.temporal_layers]
        weights = (weight for ssm in ssms for weight in ssm.parameters())
        operators = self._cached('stepping', (), weights, lambda: Stepping(ssms)).after(delta_scale)
        x = self.lift(inputs)
        for index, (block, state) in enumerate(zip(self._blocks, states)):
            x = block.step(x, state, operators[2 * index : 2 * index + 2])
        return self.norm(x)


def delta_scale_from_timestamps(
    timestamps_s: Float[Tensor, '*batch frames'], rate_hz: float
) -> Float[Tensor, '*batch frames']:
    """Convert timestamps to elapsed times in training periods, which ``HumMUSS`` takes as ``delta_scale``.

    The first frame, which has no previous one, gets 1.

    Args:
        timestamps_s: Times of the frames in s, ascending.
        rate_hz: Frame rate of the training.

    Raises:
        ValueError: A timestamp is not later than the previous one, or the rate is not positive.
    """
    if not rate_hz > 0:
        raise ValueError(f'the frame rate must be positive, found {rate_hz} Hz')
    elapsed = timestamps_s.double().diff(dim=-1)
    if not bool((elapsed > 0).all()):
        frame = int((~(elapsed > 0)).nonzero()[0, -1]) + 1
        raise ValueError(f'timestamps must ascend; that of frame {frame} is not later than the one before')
    first = torch.ones_like(timestamps_s[..., :1], dtype=torch.float64)
    return torch.cat([first, elapsed * rate_hz], dim=-1).to(torch.float32)
