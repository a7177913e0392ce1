"""Classes that checkpoints of a training may contain, so that ``torch.load`` reads them without running their code."""

from __future__ import annotations

import numpy as np
import torch
from mmengine.logging.history_buffer import HistoryBuffer

from mmradar.errors import CheckpointError


def _history_method(owner: type, name: str):
    """Replace ``getattr`` for its only use in mmengine's checkpoints: naming a method of the log history."""
    if owner is not HistoryBuffer or name not in ('min', 'max', 'current', 'mean'):
        raise CheckpointError(f'the checkpoint asks for {name!r} of {owner!r}, which no training state needs')
    return getattr(owner, name)


def allow_training_state() -> None:
    """Let ``torch.load`` read the log history in mmengine's checkpoints without giving up ``weights_only``.

    torch >= 2.6 refuses every class that is not registered as safe; mmengine 0.10 saves ``HistoryBuffer`` and numpy
    arrays. None of these can run code when it is read; ``getattr``, by which the history names its methods, is replaced
    by a function that accepts only those methods.

    :mod:`mmradar.registry` calls this function, so that everything that builds objects of mmradar (mmengine's
    ``Runner``, mmpose's ``init_model`` and tools) can read its checkpoints.
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
