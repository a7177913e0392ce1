"""The selective scan in plain torch operations: stable at any length, with memory linear in the length.

The sequence is cut into segments, and each segment into chunks. Within a segment all chunks are scanned at once, one
token of each at a time; a short second loop then passes the state from chunk to chunk. The backward pass recomputes the
states. Only products of ``exp(delta A) <= 1`` are ever formed. Forms with ``exp(-cumsum)`` are shorter, but overflow on
long sequences.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import pad

# Chosen on two CPU cores: a step's tensors stay in the second-level cache, and the loop over a chunk is long enough
# that handing over the state costs little.
_STEP_ELEMENTS = 2**17
_CHUNK_LENGTH = 64


class _Segment(NamedTuple):
    """Inputs of one segment; the first axis is the tokens of a chunk, ``rows`` is batch * chunks."""

    delta: Float[Tensor, 'chunk rows dim']
    delta_u: Float[Tensor, 'chunk rows dim']
    B: Float[Tensor, 'chunk state rows 1']
    C: Float[Tensor, 'chunk state rows 1']

    @classmethod
    def cut(cls, u: Tensor, delta: Tensor, B: Tensor, C: Tensor, tokens: slice, chunk: int) -> _Segment:
        delta, u, B, C = (_by_token(x, tokens, chunk) for x in (delta, u, B, C))
        B, C = (x.transpose(1, 2).unsqueeze(-1).contiguous() for x in (B, C))
        return cls(delta, delta * u, B, C)

    def drive(self, t: int) -> Float[Tensor, 'state rows dim']:
        """Return ``delta_t u_t B_t``."""
        return self.delta_u[t] * self.B[t]


def _by_token(x: Float[Tensor, 'batch length n'], tokens: slice, chunk: int) -> Float[Tensor, 'chunk rows n']:
    """Cut a segment out of a sequence, its chunks side by side. Padding with delta = 0 leaves the state unchanged."""
    x = pad(x[:, tokens], (0, 0, 0, -(tokens.stop - tokens.start) % chunk))
    batch, length, n = x.shape
    return x.reshape(batch, length // chunk, chunk, n).permute(2, 0, 1, 3).reshape(chunk, -1, n)


def _by_batch(x: Float[Tensor, 'chunk rows n'], batch: int, length: int) -> Float[Tensor, 'batch length n']:
    """Invert :func:`_by_token` and cut off the padding."""
    chunk, _, n = x.shape
    return x.reshape(chunk, batch, -1, n).permute(1, 2, 0, 3).reshape(batch, -1, n)[:, :length]


def _segments(length: int, tokens_per_segment: int) -> list[slice]:
    return [slice(start, min(start + tokens_per_segment, length)) for start in range(0, length, tokens_per_segment)]


def _decay(delta: Float[Tensor, 'rows dim'], A: Float[Tensor, 'state 1 dim']) -> Float[Tensor, 'state rows dim']:
    return torch.mul(delta, A).exp_()


def _hand_over(local: Tensor, total_decay: Tensor, carry: Tensor, reverse: bool = False) -> tuple[Tensor, Tensor]:
    """Compute the state at the start of each chunk from what each chunk adds and how much it lets through.

    Args:
        local: State that each chunk reaches from a zero state, (state, batch * chunks, dim).
        total_decay: Product of the decays of each chunk, in the same shape.
        carry: State before the first chunk, (state, batch, dim).
        reverse: Go from the last chunk to the first.

    Returns:
        The states, (state, batch * chunks, dim), and the state after the last chunk.
    """
    state, batch, dim = carry.shape
    local, total_decay = (x.view(state, batch, -1, dim) for x in (local, total_decay))
    starts = torch.empty_like(local)
    chunks = range(local.shape[2])
    for k in reversed(chunks) if reverse else chunks:
        starts[:, :, k] = carry
        carry = torch.addcmul(local[:, :, k], total_decay[:, :, k], carry)
    return starts.view(state, -1, dim), carry


def _chunk_starts(segment: _Segment, A: Tensor, carry: Tensor) -> tuple[Tensor, Tensor]:
    """Return the state at the start of every chunk, and the state after the segment."""
    state = segment.drive(0)
    for t in range(1, len(segment.delta)):
        state = torch.addcmul(segment.drive(t), _decay(segment.delta[t], A), state)
    return _hand_over(state, _decay(segment.delta.sum(0), A), carry)


def _segment_forward(segment: _Segment, A: Tensor, carry: Tensor) -> tuple[Tensor, Tensor]:
    """Return the outputs of one segment, (chunk, rows, dim), and the state after it."""
    state, carry = _chunk_starts(segment, A, carry)
    y = torch.empty_like(segment.delta)
    for t in range(len(y)):
        state = torch.addcmul(segment.drive(t), _decay(segment.delta[t], A), state)
        torch.sum(state * segment.C[t], dim=0, out=y[t])
    return y, carry


def _segment_backward(
    segment: _Segment, A: Tensor, start: Tensor, grad_y: Tensor, carry: Tensor
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Compute the gradients of one segment.

    With g_t the gradient of the state h_t: ``g_t = C_t grad_y_t + a_{t+1} g_{t+1}``. ``carry`` is ``a g`` of the token
    after the segment; ``a g`` of the first token in the segment is returned first.
    """
    length = len(grad_y)
    # Both levels forwards again, now keeping every state of this segment
    first, _ = _chunk_starts(segment, A, start)
    states = first.new_empty(length + 1, *first.shape)
    states[0] = first
    decays = first.new_empty(length, *first.shape)
    for t in range(length):
        torch.mul(segment.delta[t], A, out=decays[t]).exp_()
        torch.addcmul(segment.drive(t), decays[t], states[t], out=states[t + 1])
    # Both levels backwards
    local = torch.zeros_like(first)
    for t in reversed(range(length)):
        local = torch.addcmul(local, grad_y[t], segment.C[t]).mul_(decays[t])
    back, carry = _hand_over(local, _decay(segment.delta.sum(0), A), carry, reverse=True)

    grad_delta_u, grad_log_decay_A = torch.empty_like(grad_y), torch.empty_like(grad_y)
    grad_B, grad_C = torch.empty_like(segment.B), torch.empty_like(segment.C)
    grad_A = torch.zeros_like(A)
    for t in reversed(range(length)):
        torch.sum(states[t + 1] * grad_y[t], dim=-1, keepdim=True, out=grad_C[t])
        g = torch.addcmul(back, grad_y[t], segment.C[t])
        torch.sum(g * segment.delta_u[t], dim=-1, keepdim=True, out=grad_B[t])
        torch.sum(g * segment.B[t], dim=0, out=grad_delta_u[t])
        back = g.mul_(decays[t])
        grad_log_decay = states[t] * back  # d / d(delta_t A)
        torch.sum(grad_log_decay * A, dim=0, out=grad_log_decay_A[t])
        grad_A += grad_log_decay.mul_(segment.delta[t]).sum(1, keepdim=True)
    grad_B, grad_C = (x.squeeze(-1).transpose(1, 2) for x in (grad_B, grad_C))
    return carry, (grad_delta_u, grad_log_decay_A, grad_B, grad_C, grad_A)


def _tokens_per_segment(u: Tensor, state: int, chunk: int) -> int:
    batch, _, dim = u.shape
    return chunk * max(1, _STEP_ELEMENTS // (batch * dim * state))


@torch.library.custom_op('mmradar::selective_scan_two_level', mutates_args=())
def _forward(u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor, chunk: int) -> tuple[Tensor, Tensor, Tensor]:
    """Run the segments one after the other; return y, the last state, and the state before each segment."""
    batch, length, _ = u.shape
    A_by_state = A.T.unsqueeze(1).contiguous()
    carry = u.new_zeros(A.shape[1], batch, len(A))
    carries, outputs = [], []
    for tokens in _segments(length, _tokens_per_segment(u, A.shape[1], chunk)):
        carries.append(carry)
        y, carry = _segment_forward(_Segment.cut(u, delta, B, C, tokens, chunk), A_by_state, carry)
        outputs.append(_by_batch(y, batch, tokens.stop - tokens.start))
    return torch.cat(outputs, dim=1), carry.permute(1, 2, 0).contiguous(), torch.stack(carries)


@_forward.register_fake
def _(u, delta, A, B, C, chunk):
    batch, length, dim = u.shape
    segments = -(-length // _tokens_per_segment(u, A.shape[1], chunk))
    last_state = u.new_empty(batch, *A.shape)
    return u.new_empty(batch, length, dim), last_state, u.new_empty(segments, A.shape[1], batch, dim)


@torch.library.custom_op('mmradar::selective_scan_two_level_backward', mutates_args=())
def _backward(
    grad_y: Tensor,
    grad_last: Tensor,
    u: Tensor,
    delta: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    carries: Tensor,
    chunk: int,
) -> list[Tensor]:
    """Return the gradients of u, delta, A, B and C, computed from the last segment to the first."""
    batch, length, _ = u.shape
    grads = [torch.empty_like(x) for x in (u, delta, B, C)]
    A_by_state = A.T.unsqueeze(1).contiguous()
    grad_A = torch.zeros_like(A_by_state)
    carry = grad_last.permute(2, 0, 1).contiguous()
    segments = _segments(length, _tokens_per_segment(u, A.shape[1], chunk))
    for tokens, start in reversed(list(zip(segments, carries))):
        segment = _Segment.cut(u, delta, B, C, tokens, chunk)
        carry, parts = _segment_backward(segment, A_by_state, start, _by_token(grad_y, tokens, chunk), carry)
        grad_delta_u, grad_log_decay_A, grad_B, grad_C, part_of_grad_A = parts
        grad_A += part_of_grad_A
        grad_u = grad_delta_u * segment.delta
        grad_delta = grad_log_decay_A.addcmul_(grad_delta_u, _by_token(u, tokens, chunk))
        for grad, part in zip(grads, (grad_u, grad_delta, grad_B, grad_C)):
            grad[:, tokens] = _by_batch(part, batch, tokens.stop - tokens.start)
    grad_u, grad_delta, grad_B, grad_C = grads
    return [grad_u, grad_delta, grad_A.squeeze(1).T.contiguous(), grad_B, grad_C]


@_backward.register_fake
def _(grad_y, grad_last, u, delta, A, B, C, carries, chunk):
    return [
        torch.empty_like(u),
        torch.empty_like(delta),
        A.new_empty(A.shape),
        torch.empty_like(B),
        torch.empty_like(C),
    ]


def _keep_inputs(ctx, inputs, output) -> None:
    *tensors, ctx.chunk = inputs
    ctx.save_for_backward(*tensors, output[2])


def _gradients(ctx, grad_y, grad_last, _):
    return *_backward(grad_y, grad_last, *ctx.saved_tensors, ctx.chunk), None


_forward.register_autograd(_gradients, setup_context=_keep_inputs)


def scan_two_level(
    u: Float[Tensor, 'batch length dim'],
    delta: Float[Tensor, 'batch length dim'],
    A: Float[Tensor, 'dim state'],
    B: Float[Tensor, 'batch length state'],
    C: Float[Tensor, 'batch length state'],
    chunk_length: int = _CHUNK_LENGTH,
) -> tuple[Float[Tensor, 'batch length dim'], Float[Tensor, 'batch dim state']]:
    """Compute :func:`~mmradar.ops.selective_scan.reference.scan_reference` by chunks, differentiable in every input.

    Args:
        u, delta, A, B, C: Inputs of the scan, in float32 or float64.
        chunk_length: Tokens in a chunk.
    """
    y, last_state, _ = _forward(u, delta, A, B, C, chunk_length)
    return y, last_state
