"""Checkpoints: which classes a training's own files may hold, and whether a file belongs to a model."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from mmengine.logging.history_buffer import HistoryBuffer

from mmradar.errors import CheckpointError


def _history_method(owner: type, name: str):
    """``getattr`` for the one use that mmengine's checkpoints make of it: naming a method of the log history."""
    if owner is not HistoryBuffer or name not in ('min', 'max', 'current', 'mean'):
        raise CheckpointError(f'the checkpoint asks for {name!r} of {owner!r}, which no training state needs')
    return getattr(owner, name)


def allow_training_state() -> None:
    """Let ``torch.load`` read the log history in mmengine's checkpoints without giving up ``weights_only``.

    torch >= 2.6 refuses every class that it was not told of; mmengine 0.10 saves ``HistoryBuffer`` and numpy arrays.
    None of these can run code when it is read; ``getattr``, by which
    the history names its methods, is replaced by one that knows those methods only.
    """
    reconstruct, (scalar, _) = np.zeros(1).__reduce__()[0], np.float64(0).__reduce__()
    allowed = [HistoryBuffer, reconstruct, scalar, np.ndarray, np.dtype]
    # numpy 1 pickles under numpy.core, numpy 2 under numpy._core; a file may come from either
    for package in ('core', '_core'):
        allowed += [
            (reconstruct, f'numpy.{package}.multiarray._reconstruct'),
            (scalar, f'numpy.{package}.multiarray.scalar'),
        ]
    allowed += [type(np.dtype(code)) for code in ('?', *np.typecodes['AllInteger'], *np.typecodes['AllFloat'])]
    allowed += [(_history_method, f'{module}.getattr') for module in ('builtins', '__builtin__')]
    torch.serialization.add_safe_globals(allowed)


def read_checkpoint(path: str | Path, mmap: bool = False) -> Mapping:
    """A checkpoint's content on the CPU, without running code from it.

    Args:
        path: Of a local file.
        mmap: Leave the weights on disk until they are used.

    Raises:
        CheckpointError: It is missing, or cannot be read without running code from it.
    """
    allow_training_state()
    if not Path(path).is_file():
        raise CheckpointError(f'no checkpoint at {path}')
    try:
        return torch.load(path, map_location='cpu', mmap=mmap, weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError) as error:
        raise CheckpointError(
            f'{path} cannot be read as a checkpoint of mmradar: {str(error).splitlines()[0]}\n'
            'It is damaged, or holds Python objects that mmradar will not run from a file.'
        ) from error


def check_state_dict(model: torch.nn.Module, state: Mapping[str, torch.Tensor], source: str) -> None:
    """Refuse weights of another model; mmengine would load what fits and keep the rest at random.

    Raises:
        CheckpointError: Keys that are missing, unexpected or of another shape, with examples of each.
    """
    own = model.state_dict()
    state = {key.removeprefix('module.'): value for key, value in state.items()}
    differences = {
        'missing in it': sorted(set(own) - set(state)),
        'unknown to the model': sorted(set(state) - set(own)),
        'of another shape': [
            f'{key} (model {tuple(own[key].shape)}, checkpoint {tuple(state[key].shape)})'
            for key in own
            if key in state and own[key].shape != state[key].shape
        ],
    }
    if any(differences.values()):
        lines = [
            f'  {len(keys)} {what}: {", ".join(keys[:3])}{", ..." if len(keys) > 3 else ""}'
            for what, keys in differences.items()
            if keys
        ]
        raise CheckpointError(
            f'{source} is not a checkpoint of this model. Of its weights are\n'
            + '\n'.join(lines)
            + '\nIs it the configuration that the checkpoint was trained with?'
        )
