"""Names and layout of tensors in state dicts of other projects, and checks of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from torch import Tensor

from mmradar.errors import CheckpointError

_MAX_LISTED = 10  # names of a kind that a message lists


def _unchanged(tensor: Tensor) -> Tensor:
    return tensor


class Counterpart(NamedTuple):
    """Name of a tensor in another project, with conversions between its layout there and here."""

    name: str
    to_theirs: Callable[[Tensor], Tensor] = _unchanged
    to_ours: Callable[[Tensor], Tensor] = _unchanged


def state_dict_of(checkpoint: object, prefix: str = '') -> dict[str, Any]:
    """Return the weights in a checkpoint's content, under any of the usual keys.

    Args:
        checkpoint: Content of a file: a state dict, or one under ``state_dict``, ``model_state_dict`` or ``model``.
        prefix: Return only names that begin with this prefix of a module, without it. ``module.``, which torch's
            parallel models put in front of all names, is removed first.

    Raises:
        CheckpointError: The checkpoint holds no weights by name, or none whose name begins with the prefix.
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
        raise CheckpointError(f'no weights begin with {prefix!r}; there are {_first_of(state) or "none"}')
    return found


def check_names(state: Mapping[str, Any], wanted: Iterable[str], source: str) -> None:
    """Raise unless the weights are tensors of exactly the wanted names.

    Args:
        state: Weights by name.
        wanted: Names that must be there.
        source: Description of the expected weights, for messages.

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
    """Raise if there are unfit names of any kind, with examples of each kind.

    Args:
        source: Description of the expected weights, for messages.
        names: Unfit names by what is wrong with them.

    Raises:
        CheckpointError: There are unfit names.
    """
    lines = [f'  {kind}: {_first_of(of_kind)}' for kind, of_kind in names.items() if of_kind]
    if lines:
        raise CheckpointError(f'these are not the weights of {source}:\n' + '\n'.join(lines))


def _first_of(names: Iterable[str]) -> str:
    names = list(names)
    more = f' and {len(names) - _MAX_LISTED} more' if len(names) > _MAX_LISTED else ''
    return ', '.join(names[:_MAX_LISTED]) + more


def check_shapes(
    state: Mapping[str, Tensor], counterparts: Mapping[str, Counterpart], own: Mapping[str, Tensor], source: str
) -> None:
    """Raise unless another project's weights have the shapes of this package's tensors.

    Args:
        state: The other project's weights, under the counterparts' names.
        counterparts: Counterpart of each of this package's names.
        own: This package's tensors; they may be on the meta device.
        source: Description of the expected weights, for messages.

    Raises:
        CheckpointError: Weights of another shape.
    """
    misshapen = []
    for name, their in counterparts.items():
        found, shape = tuple(state[their.name].shape), tuple(their.to_theirs(own[name]).shape)
        if found != shape:
            misshapen.append(f'{their.name} {found} instead of {shape}')
    refuse(source, {'of another shape': misshapen})


def to_ours(state: Mapping[str, Tensor], counterparts: Mapping[str, Counterpart]) -> dict[str, Tensor]:
    """Return another project's weights under this package's names."""
    return {name: their.to_ours(state[their.name]).contiguous() for name, their in counterparts.items()}


def to_theirs(own: Mapping[str, Tensor], counterparts: Mapping[str, Counterpart]) -> dict[str, Tensor]:
    """Return this package's weights under another project's names."""
    return {their.name: their.to_theirs(own[name]).contiguous() for name, their in counterparts.items()}
