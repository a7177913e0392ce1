"""Selection of the implementation of an operator, and checks that all operators share."""

from __future__ import annotations

import contextlib
import functools
import importlib
import warnings
from collections.abc import Iterator

import torch

from mmradar.ops.compilation import assume_constant
from mmradar.ops.native import native_library_missing

_torch_only = False


@contextlib.contextmanager
def torch_forms_only() -> Iterator[None]:
    """Make operators on a CPU use their torch forms, which can be traced and exported; in all threads."""
    global _torch_only  # torch.compile does not trace a context variable
    before, _torch_only = _torch_only, True
    try:
        yield
    finally:
        _torch_only = before


def native_missing(device: torch.device, dtype: torch.dtype) -> str | None:
    """Return why the native kernels cannot take tensors of this device and type, or ``None`` if they can."""
    if _torch_only:
        return 'torch forms only'
    if device.type != 'cpu':
        return 'needs CPU tensors'
    if dtype == torch.float64:
        return 'has no float64'
    return native_library_missing()


@functools.cache
def _import_error(module: str) -> str | None:
    try:
        importlib.import_module(module)
    except Exception as error:  # a kernel built for another torch or driver fails in many ways; the reason is shown
        return f'{type(error).__name__}: {error}'
    return None


@assume_constant
def import_missing(*modules: str) -> str | None:
    """Return why one of the modules cannot be imported, or ``None`` if all can."""
    return next((error for module in modules if (error := _import_error(module))), None)


@functools.cache
def _say_once(message: str) -> None:
    warnings.warn(message, stacklevel=5)


def choose(operator: str, backend: str, available: dict[str, str | None], device: torch.device) -> str:
    """Return the requested backend, or for ``'auto'`` the first that can run.

    Args:
        operator: Name of the operator, for messages.
        backend: A key of ``available``, or ``'auto'``.
        available: Backends, fastest first, each with the reason why it cannot run, or ``None`` if it can.
        device: Device of the tensors.

    Raises:
        ValueError: The backend is unknown.
        RuntimeError: The backend cannot run here.
    """
    if backend == 'auto':
        if device.type == 'cpu' and (reason := native_library_missing()):
            _say_once(f'mmradar: the native kernels cannot be built ({reason}); the slower torch forms are used')
        return next(name for name, reason in available.items() if reason is None)
    if backend not in available:
        raise ValueError(f'unknown {operator} backend {backend!r}; known are auto, {", ".join(available)}')
    if available[backend] is not None:
        raise RuntimeError(f'{operator} backend {backend!r} cannot run here: {available[backend]}')
    return backend


def _swapped(found: tuple[int, ...], shape: tuple[int, ...]) -> str:
    """Return a hint for the error message if the last two axes seem to be swapped, else an empty string."""
    if len(found) != len(shape) or len(shape) < 2:
        return ''
    (*batch, first, second), (*wanted, rows, columns) = found, shape
    if batch != wanted or second != rows or first == rows or columns not in (first, second):
        return ''
    tokens = ' Tokens come before channels here, in every argument.' if len(shape) == 3 else ''
    return f': are its last two axes swapped?{tokens}'


def check_channels(operator: str, name: str, tokens: torch.Tensor, parameter: str, of_channel: torch.Tensor) -> None:
    """Raise if tokens are (batch, channels, length), as other packages take them.

    Args:
        operator: Name of the operator, for messages.
        name: Name of the tokens, for messages.
        tokens: Tokens, expected as (batch, length, ..., channels).
        parameter: Name of ``of_channel``, for messages.
        of_channel: Tensor whose first axis has the number of channels.

    Raises:
        ValueError: The second axis of the tokens holds the channels, the last one does not.
    """
    channels = of_channel.shape[0] if of_channel.ndim else 0
    if tokens.shape[-1] != channels and tokens.shape[1] == channels:
        raise ValueError(
            f'{operator}: {name} must be (batch, length, {channels}), {parameter} being {tuple(of_channel.shape)}, '
            f'found {tuple(tokens.shape)}. Tokens come before channels here, in every argument; mamba-ssm and '
            f'causal-conv1d have it the other way round: {name}.transpose(1, -1)'
        )


def check_tensor(operator: str, name: str, tensor: torch.Tensor, shape: tuple[int, ...], like: torch.Tensor) -> None:
    """Raise unless a tensor has the given shape, a floating type and the device of ``like``.

    Raises:
        ValueError: The shape or device is another one.
        TypeError: It is not a tensor, or not of a floating type.
    """
    if not isinstance(tensor, torch.Tensor):
        raise TypeError(f'{operator}: {name} must be a tensor, found {type(tensor).__name__}')
    if tuple(tensor.shape) != shape:
        raise ValueError(
            f'{operator}: {name} must be {shape}, found {tuple(tensor.shape)}{_swapped(tuple(tensor.shape), shape)}'
        )
    if not tensor.is_floating_point():
        raise TypeError(f'{operator}: {name} must be real floating-point numbers, found {tensor.dtype}')
    if tensor.device != like.device:
        raise ValueError(f'{operator}: {name} is on {tensor.device}, but the tokens are on {like.device}')
