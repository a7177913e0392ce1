"""Hook that keeps NaN and infinite losses and gradients away from the weights."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, TypeVar, cast

import torch
from mmengine.dist import all_gather_object, all_reduce, get_world_size
from mmengine.hooks import CheckpointHook, Hook
from mmengine.model import is_model_wrapper
from mmengine.optim import OptimWrapper, OptimWrapperDict
from torch import Tensor, nn
from torch.optim import Optimizer

from mmradar.engine.checkpoint import last_good_checkpoint
from mmradar.errors import ConfigError, TrainingError
from mmradar.registry import HOOKS

ACTIONS = ('stop', 'skip')
_Method = TypeVar('_Method', bound=Callable[..., Any])


def _uncompiled(method: _Method) -> _Method:
    """Exclude a method from ``torch.compile``; the return type of ``torch.compiler.disable`` does not fit methods."""
    return cast(_Method, torch.compiler.disable(method))


@HOOKS.register_module()
class FiniteGuardHook(Hook):
    """Hook that stops training, or skips the step, at a NaN or infinite loss or gradient, before any weight changes.

    Losses are checked after the model's forward pass, gradients before the optimizer's step: after accumulation and
    clipping and, in mixed precision, after a ``GradScaler`` has skipped the steps that its scale made infinite (which
    is how it finds a scale). In distributed training all processes stop or skip together, and the message lists what
    each process found. ``'skip'`` also restores the model's buffers, because the forward pass has already put the bad
    batch into running means.

    A metric that is NaN never counts as the best in mmengine's comparison; the hook logs a warning.

    Args:
        action: ``'stop'``, or ``'skip'`` to skip the step and continue.
        max_skipped: Number of consecutive steps that this hook or a ``GradScaler`` may skip. One more stops the
            training, which would otherwise run to its end without learning.

    Raises:
        ConfigError: If ``action`` is unknown or ``max_skipped`` is negative.
        TrainingError: During training. The message names the step, what was not finite, and the last good checkpoint.
    """

    priority = 'ABOVE_NORMAL'  # before the hooks that average or save weights

    def __init__(self, action: str = 'stop', max_skipped: int = 50) -> None:
        if action not in ACTIONS:
            raise ConfigError(f'FiniteGuardHook.action must be one of {", ".join(ACTIONS)}, found {action!r}')
        if max_skipped < 0:
            raise ConfigError(f'FiniteGuardHook.max_skipped must not be negative, found {max_skipped}')
        self.action, self.max_skipped = action, max_skipped
        self._handles: list = []

    def before_train(self, runner) -> None:
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        self._names = {id(parameter): name for name, parameter in model.named_parameters()}
        self._buffers: list[tuple[Tensor, Tensor]] = []
        # A step may accumulate the gradients of several batches.
        self._bad_batch = self._bad_step = self._stepped = False
        self._skipped = 0  # consecutive steps
        self._release()
        self._handles = [model.register_forward_hook(partial(self._check_losses, runner), with_kwargs=True)]
        if self.action == 'skip':
            self._handles.append(model.register_forward_pre_hook(self._keep_buffers))
        for wrapper in _wrappers(runner):
            if _has_hooks(wrapper):
                self._handles.append(wrapper.optimizer.register_step_pre_hook(partial(self._check_gradients, runner)))

    def after_train(self, runner) -> None:
        self._release()

    def after_train_iter(self, runner, batch_idx: int, data_batch: Any = None, outputs: dict | None = None) -> None:
        if self._bad_batch:  # no backward pass needs the buffers any more
            for buffer, value in self._buffers:
                buffer.data.copy_(value)
        self._bad_batch, self._buffers = False, []
        wrappers = _wrappers(runner)
        if not all(wrapper.should_update() for wrapper in wrappers):
            return  # this step accumulates more batches
        scaled = any(hasattr(wrapper, 'loss_scaler') for wrapper in wrappers if _has_hooks(wrapper))
        self._skipped = self._skipped + 1 if self._bad_step or (scaled and not self._stepped) else 0
        self._bad_step = self._stepped = False
        if self._skipped > self.max_skipped:
            raise TrainingError(_message(runner, f'no finite numbers, for {self._skipped} steps in a row'))

    def after_val_epoch(self, runner, metrics: dict[str, float] | None = None) -> None:
        metrics = metrics or {}
        hooks = [hook for hook in runner.hooks if isinstance(hook, CheckpointHook)]
        for key in {key for hook in hooks for key in hook.save_best or []} & set(metrics):
            if metrics[key] != metrics[key]:
                runner.logger.warning(f'{key} is NaN; this checkpoint is not kept as the best')

    def _release(self) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles = []

    @_uncompiled
    def _keep_buffers(self, module: nn.Module, args: tuple) -> None:
        if module.training:
            self._buffers = [(buffer, buffer.detach().clone()) for buffer in module.buffers()]

    @_uncompiled
    def _check_losses(self, runner, module: nn.Module, args: tuple, kwargs: dict, output: Any) -> None:
        if not (module.training and kwargs.get('mode') == 'loss' and isinstance(output, Mapping)):
            return
        # mmengine's loss is the sum over the same names, added up in the same way
        losses = {name: _total(value) for name, value in output.items() if 'loss' in name}
        if not _all_finite(losses.values()):
            self._bad_batch = self._bad_step = True
            self._act(runner, [f'{name} is {value:.4g}' for name, value in losses.items() if not value.isfinite()])

    @_uncompiled
    def _check_gradients(self, runner, optimizer: Optimizer, args: tuple, kwargs: dict) -> None:
        # set by a GradScaler for optimizers that skip steps themselves
        found_inf = getattr(optimizer, 'found_inf', None)
        if found_inf is not None:
            self._stepped |= not found_inf
            return
        parameters = [p for group in optimizer.param_groups for p in group['params'] if p.grad is not None]
        if not self._bad_step and not _all_finite(_numbers(parameter.grad) for parameter in parameters):
            self._bad_step = True
            bad = [self._names.get(id(p), 'a parameter') for p in parameters if not _numbers(p.grad).isfinite().all()]
            more = f' and {len(bad) - 3} others' if len(bad) > 3 else ''
            self._act(runner, [f'the gradient of {", ".join(bad[:3])}{more}'] if bad else [])
        self._stepped |= not self._bad_step
        if self._bad_step:
            for parameter in parameters:
                parameter.grad = None  # optimizers ignore such parameters: no momentum, no decay

    def _act(self, runner, found: list[str]) -> None:
        """Stop or warn in every process, with the findings of all processes."""
        everywhere = all_gather_object(found)
        if get_world_size() > 1:
            everywhere = [[f'{text} (process {rank})' for text in texts] for rank, texts in enumerate(everywhere)]
        text = '; '.join(text for texts in everywhere for text in texts)
        if self.action == 'stop':
            raise TrainingError(_message(runner, f'no finite number: {text}'))
        runner.logger.warning(f'{_when(runner)}: no finite number: {text}; the step is left out')


def _wrappers(runner) -> list[OptimWrapper]:
    wrapper = runner.optim_wrapper
    return list(wrapper.values()) if isinstance(wrapper, OptimWrapperDict) else [wrapper]


def _has_hooks(wrapper: OptimWrapper) -> bool:
    """Return whether the wrapped optimizer calls hooks: torch's do, those of other packages may not."""
    return isinstance(wrapper.optimizer, Optimizer)


def _total(loss: Tensor | list[Tensor]) -> Tensor:
    tensors = [loss] if isinstance(loss, Tensor) else loss
    return sum((tensor.detach().mean() for tensor in tensors), torch.zeros(()))


def _numbers(gradient: Tensor) -> Tensor:
    """Return the stored elements of a gradient: the values of a sparse one."""
    return gradient.coalesce().values() if gradient.is_sparse else gradient


def _all_finite(tensors: Iterable[Tensor]) -> bool:
    """Return whether all elements are finite in all processes. Synchronises with the device once."""
    flags = [tensor.detach().isfinite().all() for tensor in tensors]
    bad = torch.zeros(1)
    if flags:
        bad[0] = 1.0 - torch.stack([flag.to(flags[0].device) for flag in flags]).all().float()
    all_reduce(bad, 'max')
    return not bad.item()


def _when(runner) -> str:
    return f'epoch {runner.epoch + 1}, step {runner.iter + 1}'


def _message(runner, what: str) -> str:
    latest = runner.message_hub.runtime_info.get('last_ckpt')
    good = last_good_checkpoint(latest) if latest else None
    place = f'Last good checkpoint: {good}' if good else 'There is no good checkpoint of this training yet'
    return (
        f'{_when(runner)}: {what}.\n'
        f'No weight has been changed by it. {place}.\n'
        'Often the learning rate is too high (optim_wrapper.optimizer.lr, optim_wrapper.clip_grad.max_norm), or a '
        'sample is damaged. To leave such steps out: --cfg-options default_hooks.finite_guard.action=skip'
    )
