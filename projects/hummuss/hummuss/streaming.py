"""3D poses of a stream of frames, computed frame by frame."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from hummuss.models.backbones import HumMUSS
from mmradar.errors import CheckpointError, ConfigError, DataError

_FORMAT = 1


class HumMUSSStream:
    """Causal lifter that takes one frame at a time, in constant time and memory (HumMUSS, sequential prediction).

    For each frame it returns the same pose as the model run over the whole sequence. Frames may arrive at any rate, and
    any frame may be missing: the SSMs' steps are scaled by the elapsed time.

    The model is set to evaluation mode and is not copied: one model may serve many streams in its thread. On a CPU, a
    frame takes less time with ``mmradar.ops.pack_linears(model, joints)``.

    Args:
        model: Lifter with a causal ``HumMUSS`` backbone.
        rate_hz: Frame rate of the training. Frames ``1 / rate_hz`` apart are one step of the training apart.
        on_nan: Handling of joints that are NaN or infinite: ``'error'``; ``'hold'``, which repeats the joint's last
            known coordinates; or ``'zero'``, as missing joints are marked in training data. ``'hold'`` and ``'zero'``
            set the confidence to 0 if there is one. A joint missing since the first frame is zero until it is seen.
        max_gap_s: Upper limit of the elapsed time between frames, in s; longer gaps count as this long, because the
            states have decayed by then anyway. ``None``: no limit.

    Raises:
        ConfigError: The model is not causal, or an argument is invalid.
    """

    def __init__(self, model: nn.Module, rate_hz: float, on_nan: str = 'error', max_gap_s: float | None = None) -> None:
        if not (math.isfinite(rate_hz) and rate_hz > 0):
            raise ConfigError(f'HumMUSSStream.rate_hz must be positive, found {rate_hz}')
        if on_nan not in ('error', 'hold', 'zero'):
            raise ConfigError(f"HumMUSSStream.on_nan must be 'error', 'hold' or 'zero', found {on_nan!r}")
        if max_gap_s is not None and not max_gap_s > 0:
            raise ConfigError(f'HumMUSSStream.max_gap_s must be positive, found {max_gap_s}')
        if not isinstance(model.backbone, HumMUSS):
            raise ConfigError(f'HumMUSSStream needs a HumMUSS backbone, found {type(model.backbone).__name__}')
        self.model, self._backbone, self._head = model.eval(), model.backbone, model.get_submodule('head')
        self.rate_hz, self.on_nan, self.max_gap_s = float(rate_hz), on_nan, max_gap_s
        self.reset()

    def reset(self) -> None:
        """Forget all frames, to start with another person or scene."""
        self._states = self._backbone.initial_state(1)
        self._timestamp_s: float | None = None
        self._last: Tensor | None = None

    @property
    def timestamp_s(self) -> float | None:
        """Time of the last frame in s, or ``None`` before the first."""
        return self._timestamp_s

    def _frame(self, keypoints_2d: np.ndarray | Tensor) -> Tensor:
        backbone = self._backbone
        frame = torch.as_tensor(keypoints_2d).to(backbone.norm.weight)
        expected = (backbone.num_joints, backbone.in_channels)
        if tuple(frame.shape) != expected:
            raise DataError(
                f'a frame must be {expected}, joints and channels of the model (a joint in each row, in the order of '
                f'the training); found {tuple(frame.shape)}'
            )
        missing = ~torch.isfinite(frame).all(dim=1)
        if not bool(missing.any()):
            return frame
        if self.on_nan == 'error':
            joints = ', '.join(map(str, missing.nonzero()[:, 0].tolist()))
            raise DataError(
                f'joints {joints} of the frame are NaN or infinite; set them to 0 with confidence 0, or build the '
                "stream with on_nan='hold' or 'zero'"
            )
        known = torch.zeros_like(frame) if self.on_nan == 'zero' or self._last is None else self._last
        frame = torch.where(missing[:, None], known, frame)
        if frame.shape[1] > 2:  # the confidence, after the coordinates
            frame[missing, 2] = 0
        return frame

    def _scale(self, timestamp_s: float) -> float:
        if not math.isfinite(timestamp_s):
            raise DataError(f'a timestamp must be a time in s, found {timestamp_s}')
        if self._timestamp_s is None:
            return 1.0
        elapsed_s = timestamp_s - self._timestamp_s
        if elapsed_s <= 0:
            what = 'repeats' if elapsed_s == 0 else 'is earlier than'
            raise DataError(
                f'timestamp {timestamp_s} s {what} that of the frame before, {self._timestamp_s} s; leave the frame '
                'out, or call reset() if a new sequence begins'
            )
        elapsed_s = elapsed_s if self.max_gap_s is None else min(elapsed_s, self.max_gap_s)
        # A camera's timestamps jitter in the last digits of float64. Rounding maps a steady rate to one number, so that
        # the steps' exponentials are computed once; 1e-9 of a training period is far below float32's resolution.
        return max(round(elapsed_s * self.rate_hz, 9), 1e-9)

    @torch.no_grad()
    def step(self, keypoints_2d: np.ndarray | Float[Tensor, 'joints channels'], timestamp_s: float) -> Tensor:
        """Compute the 3D pose of the next frame.

        A frame that raises an error leaves the stream unchanged; it continues with the next frame.

        Args:
            keypoints_2d: (joints, channels), with the 2 or 3 channels of the model, normalised as in training.
            timestamp_s: Time of the frame in s; later than the previous frame. Missing frames are simply left out.

        Returns:
            (joints, 3) in m, relative to the root as in training.

        Raises:
            DataError: The timestamp is not later than the previous one, the number of joints is not the model's, or
                joints are NaN or infinite and ``on_nan`` is ``'error'``.
        """
        timestamp_s = float(timestamp_s)
        frame, scale = self._frame(keypoints_2d), self._scale(timestamp_s)
        pose = self._head(self._backbone.step(frame[None], self._states, scale))[0]
        self._timestamp_s, self._last = timestamp_s, frame
        return pose

    def state_dict(self) -> dict[str, Any]:
        """Return the state of the stream, without the model's weights, to be saved with ``torch.save``."""
        return dict(
            format=_FORMAT,
            rate_hz=self.rate_hz,
            timestamp_s=self._timestamp_s,
            last=None if self._last is None else self._last.clone(),
            states=[[state.clone() for state in block] for block in self._states],
        )

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from the state of another stream of the same model.

        Raises:
            CheckpointError: The state is of a model of other sizes or another training rate, or not a stream's state.
        """
        missing = {'format', 'rate_hz', 'timestamp_s', 'last', 'states'} - set(state)
        if missing or state['format'] != _FORMAT:
            raise CheckpointError(f'not the state of a HumMUSSStream of this version: {", ".join(sorted(missing))}')
        if state['rate_hz'] != self.rate_hz:
            raise CheckpointError(f'the state is of a stream of {state["rate_hz"]} Hz, this one has {self.rate_hz} Hz')
        own = self._backbone.initial_state(1)
        shapes, found = ([[tuple(x.shape) for x in block] for block in states] for states in (own, state['states']))
        if shapes != found:
            raise CheckpointError('the state is of a model of other sizes')
        self._states = [[new.to(zero, copy=True) for new, zero in zip(*blocks)] for blocks in zip(state['states'], own)]
        self._timestamp_s = state['timestamp_s']
        self._last = None if state['last'] is None else state['last'].to(self._backbone.norm.weight)
