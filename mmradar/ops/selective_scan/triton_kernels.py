"""The selective scan as Triton kernels. They have run in Triton's interpreter only, not yet on a GPU.

The sequence is cut into chunks of ``T`` tokens that are processed in parallel, because a batch of one would otherwise
give a GPU too little to do:

1. ``chunk_states``: the state that each chunk reaches from a zero state, by sums of delta without a scan;
2. ``hand_over``: the state before each chunk, by a scan over chunks;
3. ``chunk_outputs``: all states of a chunk, by a scan over its tokens, and y from these states.

The backward pass does the same from the end: ``chunk_adjoints``, ``hand_over``, ``chunk_gradients``. Only factors
``exp(delta A) <= 1`` are ever formed. A program holds a chunk's tokens, ``BD`` channels and all ``N`` states in
registers, (T, BD, N). Tokens are (batch, length, channels) with contiguous channels and any other strides.
"""

from __future__ import annotations

import triton
import triton.language as tl


@triton.jit
def _softplus(x):
    """Compute log(1 + exp(x)), accurately also far below 0, where 1 + e rounds e away."""
    e = tl.exp(-tl.abs(x))
    w = 1.0 + e
    log1p = tl.where(w == 1.0, e, tl.log(w) * (e / tl.where(w == 1.0, 1.0, w - 1.0)))
    return tl.maximum(x, 0.0) + log1p


@triton.jit
def _then(decay_1, drive_1, decay_2, drive_2):
    """Combine two steps ``h -> decay h + drive`` into one."""
    return decay_1 * decay_2, decay_2 * drive_1 + drive_2


@triton.jit
def _token(step, length, REVERSE: tl.constexpr):
    """Return the index in memory of the token of a step."""
    return length - 1 - step if REVERSE else step


@triton.jit
def _load(pointer, batch_stride, token_stride, b, token, there, column, columns):
    """Load (tokens, columns) as float32; 0 outside the sequence or the columns."""
    at = b * batch_stride + token[:, None].to(tl.int64) * token_stride + column[None, :]
    return tl.load(pointer + at, mask=there[:, None] & (column < columns)[None, :], other=0.0).to(tl.float32)


@triton.jit
def _store(pointer, batch_stride, token_stride, b, token, there, column, columns, value):
    at = b * batch_stride + token[:, None].to(tl.int64) * token_stride + column[None, :]
    tl.store(pointer + at, value.to(pointer.dtype.element_ty), mask=there[:, None] & (column < columns)[None, :])


@triton.jit
def _load_row(pointer, d, dim, THERE: tl.constexpr):
    """Load a parameter of each channel, or 0 if it is absent."""
    row = tl.zeros_like(d).to(tl.float32)
    if THERE:
        row = tl.load(pointer + d, mask=d < dim, other=0.0)
    return row


@triton.jit
def _load_delta(pointer, batch_stride, token_stride, b, token, there, d, dim, bias, SOFTPLUS: tl.constexpr):
    """Load delta plus bias, and the step size, which is 0 where there is no token: that leaves a state unchanged."""
    raw = _load(pointer, batch_stride, token_stride, b, token, there, d, dim) + bias[None, :]
    delta = _softplus(raw) if SOFTPLUS else raw
    return raw, tl.where(there[:, None] & (d < dim)[None, :], delta, 0.0)


@triton.jit
def _load_states(pointer, d, dim, n, state):
    """Load a tile (BD, N) of (dim, state)."""
    there = (d < dim)[:, None] & (n < state)[None, :]
    return tl.load(pointer + d[:, None] * state + n[None, :], mask=there, other=0.0)


@triton.jit
def _store_states(pointer, d, dim, n, state, value):
    there = (d < dim)[:, None] & (n < state)[None, :]
    tl.store(pointer + d[:, None] * state + n[None, :], value, mask=there)


@triton.jit
def chunk_states(
    u, u_batch, u_token, delta, delta_batch, delta_token, B, B_batch, B_token, A, bias,
    local, total_delta, length, dim, state, chunks,
    BIAS: tl.constexpr, SOFTPLUS: tl.constexpr, REVERSE: tl.constexpr,
    T: tl.constexpr, BD: tl.constexpr, N: tl.constexpr,
):  # fmt: skip
    """Store the last state of each chunk that starts from a zero state, and the sum of its step sizes.

    ``local`` is (batch, chunks, dim, state), ``total_delta`` is (batch, chunks, dim).
    """
    b, chunk = tl.program_id(2).to(tl.int64), tl.program_id(1)
    d, n, step = tl.program_id(0) * BD + tl.arange(0, BD), tl.arange(0, N), chunk * T + tl.arange(0, T)
    there, token = step < length, _token(step, length, REVERSE)
    bias_row = _load_row(bias, d, dim, BIAS)
    _, dt = _load_delta(delta, delta_batch, delta_token, b, token, there, d, dim, bias_row, SOFTPLUS)
    x = dt * _load(u, u_batch, u_token, b, token, there, d, dim)
    b_t = _load(B, B_batch, B_token, b, token, there, n, state)
    total = tl.sum(dt, axis=0)
    remaining = total[None, :] - tl.cumsum(dt, axis=0)  # of the tokens that follow in the chunk
    # rounding may make the difference of sums negative from the last token on
    decay = tl.exp(tl.maximum(remaining, 0.0)[:, :, None] * _load_states(A, d, dim, n, state)[None, :, :])
    at = b * chunks + chunk
    _store_states(local + at * dim * state, d, dim, n, state, tl.sum(decay * x[:, :, None] * b_t[:, None, :], axis=0))
    tl.store(total_delta + at * dim + d, total, mask=d < dim)


@triton.jit
def hand_over(
    local, total_delta, A, first, starts, last, dim, state, chunks,
    FIRST: tl.constexpr, BACKWARDS: tl.constexpr, K: tl.constexpr, BE: tl.constexpr,
):  # fmt: skip
    """Store the state that enters each chunk in ``starts``, and the state that leaves the last chunk in ``last``.

    ``first`` enters the first chunk, or zero without ``FIRST``. All are (batch, [chunks,] dim, state). ``BACKWARDS``
    goes from the last chunk to the first.
    """
    b = tl.program_id(1).to(tl.int64)
    element = tl.program_id(0) * BE + tl.arange(0, BE)
    elements = dim * state
    inside = element < elements
    rate = tl.load(A + element, mask=inside, other=0.0)
    carry = tl.zeros((BE,), dtype=tl.float32)
    if FIRST:
        carry = tl.load(first + b * elements + element, mask=inside, other=0.0)
    edge = chunks - 1 if BACKWARDS else 0
    tl.store(starts + (b * chunks + edge) * elements + element, carry, mask=inside)
    for begin in range(0, chunks, K):
        order = begin + tl.arange(0, K)
        chunk = chunks - 1 - order if BACKWARDS else order
        there = (order < chunks)[:, None] & inside[None, :]
        row = b * chunks + chunk
        total = tl.load(total_delta + row[:, None] * dim + (element // state)[None, :], mask=there, other=0.0)
        drive = tl.load(local + row[:, None] * elements + element[None, :], mask=there, other=0.0)
        decay = tl.exp(total * rate[None, :])
        is_first = (tl.arange(0, K) == 0)[:, None]
        drive = drive + tl.where(is_first, decay * carry[None, :], 0.0)
        _, states = tl.associative_scan((decay, drive), 0, _then)
        following = row + (-1 if BACKWARDS else 1)
        has_following = (order + 1 < chunks)[:, None] & inside[None, :]
        tl.store(starts + following[:, None] * elements + element[None, :], states, mask=has_following)
        carry = tl.sum(tl.where((tl.arange(0, K) == K - 1)[:, None], states, 0.0), axis=0)
    tl.store(last + b * elements + element, carry, mask=inside)


@triton.jit
def _states_of_chunk(decay, drive, start, T: tl.constexpr):
    """Return the state after each token, (T, BD, N), given the state before the chunk."""
    is_first = (tl.arange(0, T) == 0)[:, None, None]
    drive = drive + tl.where(is_first, decay * start[None, :, :], 0.0)
    _, states = tl.associative_scan((decay, drive), 0, _then)
    return states


@triton.jit
def chunk_outputs(
    u, u_batch, u_token, delta, delta_batch, delta_token, B, B_batch, B_token, C, C_batch, C_token,
    z, z_batch, z_token, y, A, D, bias, starts, length, dim, state, chunks,
    HAS_D: tl.constexpr, HAS_Z: tl.constexpr, BIAS: tl.constexpr, SOFTPLUS: tl.constexpr, REVERSE: tl.constexpr,
    T: tl.constexpr, BD: tl.constexpr, N: tl.constexpr,
):  # fmt: skip
    """Store y of each chunk; y is contiguous."""
    b, chunk = tl.program_id(2).to(tl.int64), tl.program_id(1)
    d, n, step = tl.program_id(0) * BD + tl.arange(0, BD), tl.arange(0, N), chunk * T + tl.arange(0, T)
    there, token = step < length, _token(step, length, REVERSE)
    bias_row = _load_row(bias, d, dim, BIAS)
    _, dt = _load_delta(delta, delta_batch, delta_token, b, token, there, d, dim, bias_row, SOFTPLUS)
    u_t = _load(u, u_batch, u_token, b, token, there, d, dim)
    b_t = _load(B, B_batch, B_token, b, token, there, n, state)
    c_t = _load(C, C_batch, C_token, b, token, there, n, state)
    decay = tl.exp(dt[:, :, None] * _load_states(A, d, dim, n, state)[None, :, :])
    start = _load_states(starts + (b * chunks + chunk) * dim * state, d, dim, n, state)
    states = _states_of_chunk(decay, (dt * u_t)[:, :, None] * b_t[:, None, :], start, T)
    out = tl.sum(states * c_t[:, None, :], axis=2) + _load_row(D, d, dim, HAS_D)[None, :] * u_t
    if HAS_Z:
        gate = _load(z, z_batch, z_token, b, token, there, d, dim)
        out = out * gate * tl.sigmoid(gate)
    _store(y, length * dim, dim, b, token, there, d, dim, out)


@triton.jit
def _load_grad_y(grad_y, g_batch, g_token, z, z_batch, z_token, b, token, there, d, dim, HAS_Z: tl.constexpr):
    """Return the gradient of y before the gate, and the gradient of z without its factor, y before the gate."""
    grad = _load(grad_y, g_batch, g_token, b, token, there, d, dim)
    grad_gate = grad
    if HAS_Z:
        gate = _load(z, z_batch, z_token, b, token, there, d, dim)
        share = tl.sigmoid(gate)
        grad_gate = grad * share * (1.0 + gate * (1.0 - share))
        grad = grad * gate * share
    return grad, grad_gate


@triton.jit
def chunk_adjoints(
    grad_y, g_batch, g_token, z, z_batch, z_token, delta, delta_batch, delta_token, C, C_batch, C_token, A, bias,
    local, total_delta, length, dim, state, chunks,
    HAS_Z: tl.constexpr, BIAS: tl.constexpr, SOFTPLUS: tl.constexpr, REVERSE: tl.constexpr,
    T: tl.constexpr, BD: tl.constexpr, N: tl.constexpr,
):  # fmt: skip
    """Store the gradient of the state before each chunk through the outputs of that chunk alone in ``local``.

    ``total_delta`` is stored too, as in chunk_states.
    """
    b, chunk = tl.program_id(2).to(tl.int64), tl.program_id(1)
    d, n, step = tl.program_id(0) * BD + tl.arange(0, BD), tl.arange(0, N), chunk * T + tl.arange(0, T)
    there, token = step < length, _token(step, length, REVERSE)
    bias_row = _load_row(bias, d, dim, BIAS)
    _, dt = _load_delta(delta, delta_batch, delta_token, b, token, there, d, dim, bias_row, SOFTPLUS)
    grad, _ = _load_grad_y(grad_y, g_batch, g_token, z, z_batch, z_token, b, token, there, d, dim, HAS_Z)
    c_t = _load(C, C_batch, C_token, b, token, there, n, state)
    decay = tl.exp(tl.cumsum(dt, axis=0)[:, :, None] * _load_states(A, d, dim, n, state)[None, :, :])
    adjoint = tl.sum(decay * grad[:, :, None] * c_t[:, None, :], axis=0)
    at = b * chunks + chunk
    _store_states(local + at * dim * state, d, dim, n, state, adjoint)
    tl.store(total_delta + at * dim + d, tl.sum(dt, axis=0), mask=d < dim)


@triton.jit
def chunk_gradients(
    grad_y, g_batch, g_token, u, u_batch, u_token, delta, delta_batch, delta_token, B, B_batch, B_token,
    C, C_batch, C_token, z, z_batch, z_token, A, D, bias, starts, adjoints,
    grad_u, grad_delta, grad_z, grad_A, grad_B, grad_C, grad_D, grad_bias,
    batch, length, dim, state, chunks,
    HAS_D: tl.constexpr, HAS_Z: tl.constexpr, BIAS: tl.constexpr, SOFTPLUS: tl.constexpr, REVERSE: tl.constexpr,
    T: tl.constexpr, BD: tl.constexpr, N: tl.constexpr,
):  # fmt: skip
    """Store every gradient of a chunk.

    Gradients of parameters are (batch, chunks, dim, ...), those of B and C (blocks, batch, length, state): the caller
    sums them.
    """
    b, chunk = tl.program_id(2).to(tl.int64), tl.program_id(1)
    d, n, step = tl.program_id(0) * BD + tl.arange(0, BD), tl.arange(0, N), chunk * T + tl.arange(0, T)
    there, token = step < length, _token(step, length, REVERSE)
    bias_row, D_row = _load_row(bias, d, dim, BIAS), _load_row(D, d, dim, HAS_D)
    rate = _load_states(A, d, dim, n, state)[None, :, :]
    raw, dt = _load_delta(delta, delta_batch, delta_token, b, token, there, d, dim, bias_row, SOFTPLUS)
    u_t = _load(u, u_batch, u_token, b, token, there, d, dim)
    b_t = _load(B, B_batch, B_token, b, token, there, n, state)
    c_t = _load(C, C_batch, C_token, b, token, there, n, state)
    x, decay = dt * u_t, tl.exp(dt[:, :, None] * rate)
    grad, grad_gate = _load_grad_y(grad_y, g_batch, g_token, z, z_batch, z_token, b, token, there, d, dim, HAS_Z)

    # The state before each token: the same scan, one token later. Its first element is the state before the chunk.
    is_first = (tl.arange(0, T) == 0)[:, None, None]
    late = there & (tl.arange(0, T) > 0)
    late_token = _token(step - 1, length, REVERSE)
    _, dt_late = _load_delta(delta, delta_batch, delta_token, b, late_token, late, d, dim, bias_row, SOFTPLUS)
    x_late = dt_late * _load(u, u_batch, u_token, b, late_token, late, d, dim)
    b_late = _load(B, B_batch, B_token, b, late_token, late, n, state)
    start = _load_states(starts + (b * chunks + chunk) * dim * state, d, dim, n, state)
    drive = tl.where(is_first, start[None, :, :], x_late[:, :, None] * b_late[:, None, :])
    _, before = tl.associative_scan((tl.exp(dt_late[:, :, None] * rate), drive), 0, _then)
    states = decay * before + x[:, :, None] * b_t[:, None, :]

    # g_t = C_t grad_y_t + decay_{t+1} g_{t+1}, from the end; the next chunk gives decay g of its first token.
    is_last = (tl.arange(0, T) == T - 1)[:, None, None]
    early = (step + 1 < length) & (tl.arange(0, T) < T - 1)
    early_token = _token(step + 1, length, REVERSE)
    _, dt_early = _load_delta(delta, delta_batch, delta_token, b, early_token, early, d, dim, bias_row, SOFTPLUS)
    adjoint = _load_states(adjoints + (b * chunks + chunk) * dim * state, d, dim, n, state)
    pull = grad[:, :, None] * c_t[:, None, :] + tl.where(is_last, adjoint[None, :, :], 0.0)
    _, g = tl.associative_scan((tl.exp(dt_early[:, :, None] * rate), pull), 0, _then, reverse=True)

    grad_exponent = g * decay * before  # gradient of the exponent, delta A
    grad_x = tl.sum(g * b_t[:, None, :], axis=2)
    grad_dt = tl.sum(grad_exponent * rate, axis=2) + grad_x * u_t
    if SOFTPLUS:
        grad_dt = grad_dt * tl.sigmoid(raw)
    grad_dt = tl.where(there[:, None], grad_dt, 0.0)
    _store(grad_u, length * dim, dim, b, token, there, d, dim, grad_x * dt + grad * D_row[None, :])
    _store(grad_delta, length * dim, dim, b, token, there, d, dim, grad_dt)
    if HAS_Z:
        out = tl.sum(states * c_t[:, None, :], axis=2) + D_row[None, :] * u_t
        _store(grad_z, length * dim, dim, b, token, there, d, dim, grad_gate * out)
    at = b * chunks + chunk
    _store_states(grad_A + at * dim * state, d, dim, n, state, tl.sum(grad_exponent * dt[:, :, None], axis=0))
    tl.store(grad_D + at * dim + d, tl.sum(grad * u_t, axis=0), mask=d < dim)
    tl.store(grad_bias + at * dim + d, tl.sum(grad_dt, axis=0), mask=d < dim)
    share = (tl.program_id(0) * batch) * length * state
    _store(grad_B + share, length * state, state, b, token, there, n, state, tl.sum(g * x[:, :, None], axis=1))
    _store(grad_C + share, length * state, state, b, token, there, n, state, tl.sum(states * grad[:, :, None], axis=1))
