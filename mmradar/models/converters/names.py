"""State dicts of other projects: what their tensors are called, which of them are there, and which should not be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from torch import Tensor

from mmradar.errors import CheckpointError

_NAMED = 10  # names of a kind that a message has


def _as_it_is(tensor: Tensor) -> Tensor:
    return tensor


class Counterpart(NamedTuple):
    """Another project's name of a tensor, and how its numbers lie there."""

    name: str
    to_theirs: Callable[[Tensor], Tensor] = _as_it_is
    to_ours: Callable[[Tensor], Tensor] = _as_it_is


def state_dict_of(checkpoint: Mapping[str, Any], prefix: str = '') -> dict[str, Any]:
    """The weights in a checkpoint's content, whichever of the usual keys they lie under.

    Args:
        checkpoint: A file's content: a state dict, or one under ``state_dict``, ``model_state_dict`` or ``model``.
        prefix: Of a module's names, which are returned without it; others are left out. ``module.``, which torch's
            parallel models put in front of all names, is taken off first.

    Raises:
        CheckpointError: It holds no weights by name, or none whose name begins with the prefix.
    """
    keys = ('state_dict', 'model_state_dict', 'model')
    state = checkpoint
    if isinstance(checkpoint, Mapping):
        state = next((checkpoint[key] for key in keys if isinstance(checkpoint.get(key), Mapping)), checkpoint)
    if not isinstance(state, Mapping) or not all(isinstance(name, str) for name in state):
        raise CheckpointError(f'a checkpoint holds weights by name, found {type(state).__name__}')
    if all(name.startswith('module.') for name in state):
        state = {name.removeprefix('module.'): value for name, value in state.items()}
    found = {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
    if not found:
        raise CheckpointError(f'no weights begin with {prefix!r}; there are {_listed(state) or "none"}')
    return found


def check_names(state: Mapping[str, Any], wanted: Iterable[str], source: str) -> None:
    """Raise unless there is a tensor of each name, and nothing else.

    Args:
        state: Weights by name.
        wanted: Names.
        source: What the weights should be, for messages.

    Raises:
        CheckpointError: Names that are missing, left over, or not of tensors.
    """
    wanted = list(wanted)
    refuse(
        source,
        {
            'missing': [name for name in wanted if name not in state],
            'left over': [name for name in state if name not in wanted],
            'no tensors': [name for name in wanted if name in state and not isinstance(state[name], Tensor)],
        },
    )


def refuse(source: str, names: Mapping[str, list[str]]) -> None:
    """Raise if there are names of any kind, with examples of each.

    Raises:
        CheckpointError: There are.
    """
    lines = [f'  {kind}: {_listed(of_kind)}' for kind, of_kind in names.items() if of_kind]
    if lines:
        raise CheckpointError(f'these are not the weights of {source}:\n' + '\n'.join(lines))


def _listed(names: Iterable[str]) -> str:
    names = list(names)
    more = f' and {len(names) - _NAMED} more' if len(names) > _NAMED else ''
    return ', '.join(names[:_NAMED]) + more


def check_shapes(
    state: Mapping[str, Tensor], counterparts: Mapping[str, Counterpart], own: Mapping[str, Tensor], source: str
) -> None:
    """Raise unless another project's weights have the shapes of ours.

    Args:
        state: Their weights, with the names of the counterparts.
        counterparts: Of each of our names.
        own: Our tensors; they may be on the meta device.
        source: What the weights should be, for messages.

    Raises:
        CheckpointError: Weights of another shape.
    """
    misshapen = []
    for name, their in counterparts.items():
        found, shape = tuple(state[their.name].shape), tuple(their.to_theirs(own[name]).shape)
        if found != shape:
            misshapen.append(f'{their.name} {found} in place of {shape}')
    refuse(source, {'of another shape': misshapen})


def to_ours(state: Mapping[str, Tensor], counterparts: Mapping[str, Counterpart]) -> dict[str, Tensor]:
    """Another project's weights under our names."""
    return {name: their.to_ours(state[their.name]).contiguous() for name, their in counterparts.items()}


def to_theirs(own: Mapping[str, Tensor], counterparts: Mapping[str, Counterpart]) -> dict[str, Tensor]:
    """Our weights under another project's names."""
    return {their.name: their.to_theirs(own[name]).contiguous() for name, their in counterparts.items()}
