"""Checkpoints: reading them without running code from them, and whether a file belongs to a model."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path

import torch

from mmradar.errors import CheckpointError
from mmradar.training_state import allow_training_state


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
