"""Train loop that fits a model to the training set in one pass, without gradients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Sized
from typing import Any, cast

import numpy as np
import torch
from mmengine.dist import all_gather_object
from mmengine.model import is_model_wrapper
from mmengine.runner import EpochBasedTrainLoop, Runner
from torch.utils.data import DataLoader

from mmradar.errors import ConfigError
from mmradar.registry import LOOPS


@LOOPS.register_module()
class FitLoop(EpochBasedTrainLoop):
    """Train loop of models that are fitted instead of trained, see :class:`~mmradar.models.FittedPoseEstimator`.

    It passes each training sample once to the model's ``observe``, and everything observed to its ``fit``. To the hooks
    this is a training of one epoch, after which the checkpoint is saved and the model is evaluated. The configuration
    needs ``train_cfg=dict(type='FitLoop')`` and an optimizer wrapper without optimizers, ``optim_wrapper=dict()``.

    In distributed runs each process observes its share of the samples; then all of them fit the model to all samples,
    in the order of the data set, so that the result is that of a single process.

    Args:
        runner: The runner.
        dataloader: The loader, or its settings. Its sampler is replaced by one that gives each sample once, in order;
            a loader that is already built must do so itself.

    Raises:
        ConfigError: The model cannot be fitted, or the loader does not give each sample once.
    """

    def __init__(self, runner: Runner, dataloader: DataLoader | Mapping[str, Any]) -> None:
        if not isinstance(dataloader, DataLoader):
            dataloader = {**dataloader, 'sampler': dict(type='DefaultSampler', shuffle=False, round_up=False)}
        super().__init__(runner, dataloader, max_epochs=1)

    def run_epoch(self) -> None:
        """Observe all batches, then fit the model."""
        model: Any = self.runner.model.module if is_model_wrapper(self.runner.model) else self.runner.model
        if not (hasattr(model, 'observe') and hasattr(model, 'fit')):
            raise ConfigError(
                f'FitLoop fits models that have the methods observe and fit, and {type(model).__name__} does not: '
                'train it with train_cfg=dict(by_epoch=True, max_epochs=...) and an optimizer, as the configurations '
                'in configs/_base_/schedules do'
            )
        self.runner.call_hook('before_train_epoch')
        model.eval()
        observed = []
        for index, batch in enumerate(self.dataloader):
            self.runner.call_hook('before_train_iter', batch_idx=index, data_batch=batch)
            with torch.no_grad():
                observed.append(model.observe(**model.data_preprocessor(batch, False)))
            self.runner.call_hook('after_train_iter', batch_idx=index, data_batch=batch, outputs={})
            self._iter += 1
        num_samples = len(cast(Sized, self.dataloader.dataset))  # torch's Dataset does not declare its length
        model.fit(in_order(all_gather_object(_joined(observed)), num_samples))
        self.runner.call_hook('after_train_epoch')
        self._epoch += 1


def _joined(batches: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Join the arrays of all batches, by name, along their first axis; nothing if there are no batches."""
    return {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]} if batches else {}


def in_order(parts: Sequence[Mapping[str, np.ndarray]], total: int) -> dict[str, np.ndarray]:
    """Join the arrays of n processes, of which number r has observed the samples r, r + n, r + 2n and so on.

    Args:
        parts: Arrays (samples, ...) of each process, by name.
        total: Number of samples of the data set.

    Raises:
        ConfigError: A process has observed another number of samples, or none at all.
    """
    expected = [len(range(rank, total, len(parts))) for rank in range(len(parts))]
    found = [len(next(iter(part.values()), ())) for part in parts]
    if found != expected or 0 in found:
        raise ConfigError(
            f'FitLoop needs each of the {total} training samples once, so {expected} of them in its {len(parts)} '
            f'process(es), and at least one in each; found {found}. Remove drop_last, batch_sampler and '
            'num_batch_per_epoch from train_dataloader, or use fewer processes'
        )
    if len(parts) == 1:
        return dict(parts[0])
    joined = {name: np.empty((total, *array.shape[1:]), array.dtype) for name, array in parts[0].items()}
    for rank, part in enumerate(parts):
        for name, array in part.items():
            joined[name][rank :: len(parts)] = array
    return joined
