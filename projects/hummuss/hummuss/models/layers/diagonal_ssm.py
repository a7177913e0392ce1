"""The diagonal SSM with its parameters."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Complex, Float
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmradar.errors import ConfigError
from mmradar.ops.diagonal_ssm import (
    DiscreteSSM,
    advance,
    chunk_operators,
    chunked_convolve,
    diagonal_ssm,
    discretise,
    fft_convolve,
    ssm_kernel,
)


class DiagonalSSM(BaseModule):
    """Diagonal SSM of each channel (HumMUSS, section on DSSM), in one direction or half of the channels in each.

    Learnt are the real part of A's diagonal (as ``-exp``, so that states decay), its imaginary part, the complex C, the
    logarithm of delta and the direct feed-through D. S4D-Lin's initialisation: ``A_n = -1/2 + i pi n``. As in S4D, C is
    standard normal and delta is log-uniform; D begins as 1 (ours).

    Args:
        dims: Channels. If bidirectional, the first half runs forwards and the second backwards.
        state_dims: States of a channel, counting both of each conjugate pair; even.
        bidirectional: See ``dims``; the channels must be even.
        delta_range: Smallest and largest initial step size, in frames (or joints).
        method: Of :func:`mmradar.ops.diagonal_ssm.diagonal_ssm`; ``'chunked'`` and ``'fft'`` apply to one scale for
            all sequences only, other scales take what they need.
    """

    def __init__(
        self,
        dims: int,
        state_dims: int = 32,
        bidirectional: bool = False,
        delta_range: tuple[float, float] = (1e-3, 1e-1),
        method: str = 'auto',
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
        self.dims, self.num_reversed, self.method = dims, dims // 2 if bidirectional else 0, method
        pairs = state_dims // 2
        low, high = map(math.log, delta_range)
        self.log_decay = nn.Parameter(torch.full((dims, pairs), math.log(0.5)))
        self.frequency = nn.Parameter(math.pi * torch.arange(pairs).float().repeat(dims, 1))
        self.output = nn.Parameter(torch.randn(dims, pairs, 2) * math.sqrt(0.5))
        self.log_delta = nn.Parameter(torch.rand(dims) * (high - low) + low)
        self.D = nn.Parameter(torch.ones(dims))
        for parameter in self.parameters():
            parameter._no_weight_decay = True
        self._prepared: tuple[Any, Any] = (None, None)

    @property
    def A(self) -> Complex[Tensor, 'dims pairs']:
        """Diagonal of the state matrix, complex128."""
        return torch.complex(-torch.exp(self.log_decay.double()), self.frequency.double())

    @property
    def C(self) -> Complex[Tensor, 'dims pairs']:
        """Output matrix, complex128."""
        return torch.view_as_complex(self.output.double())

    @property
    def delta(self) -> Float[Tensor, 'dims']:
        """Step sizes, float64."""
        return torch.exp(self.log_delta.double())

    def _once(self, key: tuple, prepare: Callable[[], Any]) -> Any:
        """The result of ``prepare``; without gradients it is kept until key or parameters change.

        One result is kept, so that memory does not grow with the number of different clips.
        """
        if torch.is_grad_enabled():
            return prepare()
        key = (key, *((p.data_ptr(), p._version) for p in self.parameters()))
        if self._prepared[0] != key:
            self._prepared = (key, prepare())
        return self._prepared[1]

    def train(self, mode: bool = True) -> DiagonalSSM:
        """Also forget what is kept for inference: weights written through ``.data``, as an EMA hook does, look as
        unchanged as before. Who writes so between inferences calls ``eval()`` again.
        """
        self._prepared = (None, None)
        return super().train(mode)

    def __getstate__(self) -> dict:  # what is kept for speed is neither copied nor pickled
        return {**self.__dict__, '_prepared': (None, None)}

    def forward(
        self, u: Float[Tensor, 'batch length *others dims'], delta_scale: float | Tensor = 1.0
    ) -> Float[Tensor, 'batch length *others dims']:
        """Run over whole sequences; ``delta_scale`` as in :func:`mmradar.ops.diagonal_ssm.diagonal_ssm`."""
        kind = u.dtype
        with torch.autocast(u.device.type, enabled=False):
            working = u if u.dtype in (torch.float32, torch.float64) else u.float()
            if isinstance(delta_scale, Tensor) and delta_scale.ndim:
                return self._variable(working, delta_scale).to(kind)
            return self._steady(working, float(delta_scale)).to(kind)

    def _steady(self, u: Tensor, scale: float) -> Tensor:
        length, reverse = u.shape[1], self.num_reversed
        key = (length, scale, u.dtype)
        if self.method == 'fft':
            kernel = self._once(key, lambda: ssm_kernel(self.delta, self.A, self.C, length, scale).to(u.dtype))
            return fft_convolve(u, kernel, reverse) + self.D.to(u.dtype) * u
        operators = self._once(
            key, lambda: chunk_operators(self.delta, self.A, self.C, self.D, length, scale, reverse, u.dtype)
        )
        return chunked_convolve(u, operators, reverse)

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

    def initial_state(self, *batch: int) -> Complex[Tensor, '*batch dims pairs']:
        """A stream's first state: zeros, complex64 (complex128 for a float64 model)."""
        kind = torch.complex128 if self.D.dtype == torch.float64 else torch.complex64
        return torch.zeros(*batch, *self.log_decay.shape, dtype=kind, device=self.D.device)

    def step(
        self,
        u: Float[Tensor, '*batch dims'],
        state: Complex[Tensor, '*batch dims pairs'],
        delta_scale: float = 1.0,
    ) -> Float[Tensor, '*batch dims']:
        """The next frame; ``state`` is changed in place. Forward direction only.

        Args:
            u: The frame.
            state: Of :meth:`initial_state` or of the frame before.
            delta_scale: Time since the frame before over the training period.

        Raises:
            ConfigError: A bidirectional SSM: what comes later is not known yet.
        """
        if self.num_reversed:
            raise ConfigError('a bidirectional DiagonalSSM cannot run frame by frame; build the model with causal=True')

        def prepare() -> tuple[DiscreteSSM, Tensor]:
            frame = discretise(self.delta, self.A, delta_scale)
            return DiscreteSSM(*(x.to(state.dtype) for x in frame)), self.C.to(state.dtype)

        frame, C = self._once(('step', delta_scale, state.dtype), prepare)
        return advance(state, u, frame, C, self.D)
