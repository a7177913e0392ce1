"""Diagonal SSM layer with learnable parameters."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from jaxtyping import Complex, Float
from torch import Tensor, nn

from hummuss.models.layers.weight_cache import WeightCacheModule
from mmradar.errors import ConfigError
from mmradar.ops.diagonal_ssm import (
    ChunkOperators,
    DiscreteSSM,
    advance,
    by_frame,
    chunk_operators,
    chunked_convolve,
    convolve_one,
    diagonal_ssm,
    fft_convolve,
    ssm_kernel,
)

# Up to this length, one matrix product over all frames is fastest for a single sequence; length^2 numbers per channel.
SHORT_LENGTH = 32


class StepOperators(NamedTuple):
    """Discretised transition of an SSM for one frame, and its readout, with dtypes that match the SSM's state."""

    frame: DiscreteSSM
    readout: Float[Tensor, 'dims pairs two']


class DiagonalSSM(WeightCacheModule):
    """Diagonal SSM for each channel (HumMUSS, section on DSSM), in one direction or half of the channels in each.

    The learnt parameters are the real part of A's diagonal (as ``-exp``, so that states decay), its imaginary part, the
    complex C, the logarithm of delta and the direct feed-through D. A is initialised as in S4D-Lin,
    ``A_n = -1/2 + i pi n``; as in S4D, C is standard normal and delta log-uniform. D is initialised to 1, our choice.

    Args:
        dims: Number of channels. If bidirectional, the first half runs forwards and the second half backwards.
        state_dims: Number of states of a channel, counting both of each conjugate pair; even.
        bidirectional: Run in both directions, see ``dims``, which must then be even.
        delta_range: Smallest and largest initial step size, in frames (or joints).
        method: ``'auto'``, ``'chunked'`` or ``'fft'``; see :func:`mmradar.ops.diagonal_ssm.diagonal_ssm`. It applies
            only if all sequences and frames share one scale.
        memory: Longest time constant of a state, in frames (or joints) at the training rate. ``1 / memory`` is added to
            the decay per frame of every state, so that training cannot exceed the bound. ``None`` for no bound, as in
            S4D; a bound is our choice. It adds no parameter, so any checkpoint can be loaded with any bound.

    Raises:
        ConfigError: An argument is out of its range.
    """

    def __init__(
        self,
        dims: int,
        state_dims: int = 32,
        bidirectional: bool = False,
        delta_range: tuple[float, float] = (1e-3, 1e-1),
        method: str = 'auto',
        memory: float | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if state_dims < 2 or state_dims % 2:
            raise ConfigError(f'DiagonalSSM.state_dims must be even, as states are conjugate pairs; found {state_dims}')
        if bidirectional and dims % 2:
            raise ConfigError(f'DiagonalSSM.dims must be even for two directions, found {dims}')
        if not 0 < delta_range[0] <= delta_range[1]:
            raise ConfigError(f'DiagonalSSM.delta_range must be positive and ascending, found {delta_range}')
        if method not in ('auto', 'chunked', 'fft'):
            raise ConfigError(f"DiagonalSSM.method must be 'auto', 'chunked' or 'fft', found {method!r}")
        if memory is not None and not memory > 0:
            raise ConfigError(f'DiagonalSSM.memory must be a positive number of frames, found {memory}')
        self.leak = 0.0 if memory is None else 1.0 / memory
        self.dims, self.num_reversed, self.method = dims, dims // 2 if bidirectional else 0, method
        pairs = state_dims // 2
        low, high = map(math.log, delta_range)
        self.log_decay = nn.Parameter(torch.full((dims, pairs), math.log(0.5)))
        self.frequency = nn.Parameter(math.pi * torch.arange(pairs).float().repeat(dims, 1))
        self.output = nn.Parameter(torch.randn(dims, pairs, 2) * math.sqrt(0.5))
        self.log_delta = nn.Parameter(torch.rand(dims) * (high - low) + low)
        self.D = nn.Parameter(torch.ones(dims))
        for parameter in self.parameters():
            # tensors take new attributes, torch's stubs do not say so
            parameter._no_weight_decay = True  # pyright: ignore[reportAttributeAccessIssue]

    @property
    def A(self) -> Complex[Tensor, 'dims pairs']:
        """Diagonal of the state matrix, complex128."""
        decay = torch.exp(self.log_decay.double())
        if self.leak:
            # A is multiplied by delta, so the decay per frame grows by exactly the leak
            decay = decay + self.leak / self.delta[:, None]
        return torch.complex(-decay, self.frequency.double())

    @property
    def time_constants(self) -> Float[Tensor, 'dims pairs']:
        """Frames (or joints) at the training rate after which each state has decayed to 1 / e, float64."""
        return -1.0 / (self.delta[:, None] * self.A.real)

    @property
    def C(self) -> Complex[Tensor, 'dims pairs']:
        """Output matrix, complex128."""
        return torch.view_as_complex(self.output.double())

    @property
    def delta(self) -> Float[Tensor, 'dims']:
        """Step sizes, float64."""
        return torch.exp(self.log_delta.double())

    def forward(
        self, u: Float[Tensor, 'batch length *others dims'], delta_scale: float | Tensor = 1.0
    ) -> Float[Tensor, 'batch length *others dims']:
        """Run over whole sequences; for ``delta_scale`` see :func:`mmradar.ops.diagonal_ssm.diagonal_ssm`."""
        kind = u.dtype
        with torch.autocast(u.device.type, enabled=False):
            working = u if u.dtype in (torch.float32, torch.float64) else u.float()
            if isinstance(delta_scale, Tensor) and delta_scale.ndim:
                return self._variable(working, delta_scale).to(kind)
            return self._steady(working, float(delta_scale)).to(kind)

    def _steady(self, u: Tensor, scale: float) -> Tensor:
        length, reverse = u.shape[1], self.num_reversed
        key, weights = (length, scale, u.dtype), list(self.parameters())
        if self.method == 'fft':
            kernel = self._cached(
                'kernel', key, weights, lambda: ssm_kernel(self.delta, self.A, self.C, length, scale).to(u.dtype)
            )
            return fft_convolve(u, kernel, reverse) + self.D.to(u.dtype) * u

        def operators() -> ChunkOperators:
            return chunk_operators(self.delta, self.A, self.C, self.D, length, scale, reverse, u.dtype)

        if length <= SHORT_LENGTH and u[..., 0].numel() == length and not torch.is_grad_enabled():
            # A single short sequence, such as the joints of one frame of a stream
            return convolve_one(u, self._cached('one', key, weights, lambda: by_frame(operators())))
        return chunked_convolve(u, self._cached('chunks', key, weights, operators), reverse)

    def _variable(self, u: Tensor, scale: Tensor) -> Tensor:
        delta, A, C, D = self.delta, self.A, self.C, self.D.to(u.dtype)
        scale = scale.to(u.device)
        causal = self.dims - self.num_reversed
        parts = []
        for channels, reverse in ((slice(0, causal), False), (slice(causal, None), True)):
            if (u_part := u[..., channels]).shape[-1]:
                parameters = (x[channels] for x in (delta, A, C, D))
                parts.append(diagonal_ssm(u_part, *parameters, delta_scale=scale, reverse=reverse))
        return torch.cat(parts, dim=-1)

    @property
    def state_type(self) -> torch.dtype:
        """Dtype of a stream's state: complex64, or complex128 for a float64 model."""
        return torch.complex128 if self.D.dtype == torch.float64 else torch.complex64

    def initial_state(self, *batch: int) -> Complex[Tensor, '*batch dims pairs']:
        """Return the initial state of a stream, zeros."""
        return torch.zeros(*batch, *self.log_decay.shape, dtype=self.state_type, device=self.D.device)

    def step(
        self, u: Float[Tensor, '*batch dims'], state: Complex[Tensor, '*batch dims pairs'], operators: StepOperators
    ) -> Float[Tensor, '*batch dims']:
        """Process the next frame; only for SSMs that run forwards.

        Args:
            u: Input of the frame.
            state: State from :meth:`initial_state` or after the previous frame; changed in place.
            operators: Operators of this SSM from :class:`~hummuss.models.layers.stepping.Stepping`.
        """
        return advance(state, u, operators.frame, operators.readout, self.D)
