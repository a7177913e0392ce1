"""Functions that read checkpoints without running code from them, and check that they belong to a model."""

from __future__ import annotations

import json
import pickle
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config

from mmradar.errors import CheckpointError
from mmradar.training_state import allow_training_state

# Entries that optimizer and schedules change as they run, in addition to names that begin with an underscore.
_RUNNING = ('params', 'lr', 'momentum', 'betas', 'base_values', 'last_step', 'verbose')


def read_checkpoint(path: str | Path, mmap: bool = False) -> Mapping:
    """Return a checkpoint's content, on the CPU, without running code from the file.

    Args:
        path: Local file.
        mmap: Leave the weights on disk until they are used.

    Raises:
        CheckpointError: If the file is missing, or cannot be read without running code from it.
    """
    allow_training_state()
    if not Path(path).is_file():
        raise CheckpointError(f'no checkpoint at {path}')
    try:
        content = torch.load(path, map_location='cpu', mmap=mmap, weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError) as error:
        # torch's own text advises to run the file's code
        raise CheckpointError(
            f'{path} cannot be read as a checkpoint of mmradar: it is damaged, no file of torch.save, or it holds '
            'Python objects, which mmradar does not run from a file'
        ) from error
    if not isinstance(content, Mapping):
        raise CheckpointError(f'{path} is not a checkpoint: it holds a {type(content).__name__}, not weights by name')
    return content


def check_checkpoint(path: str | Path, resumed: bool = False) -> None:
    """Raise early, with a readable message, if a file is not a checkpoint. URLs are not checked.

    Args:
        path: The file.
        resumed: A training is to be resumed from it, which needs more than weights.

    Raises:
        CheckpointError: If the file is missing, cannot be read without running code from it, has NaN weights, or has
            only weights but a training is to be resumed.
    """
    if '://' not in str(path):
        content = read_checkpoint(path, mmap=True)
        if resumed and 'message_hub' not in content:
            raise CheckpointError(
                f'{path} has weights, but not the state of a training, so it cannot be resumed. To train on from its '
                'weights: load_from without --resume'
            )
        check_finite(content.get('state_dict', content), str(path))


def check_finite(state: Mapping[str, Any], source: str, parameters: Collection[str] = ()) -> None:
    """Raise if weights are NaN or infinite, as a diverged training leaves them.

    Args:
        state: Tensors by name; other values are ignored.
        source: Origin of the weights, for the message.
        parameters: Names of tensors that must not be infinite either. Buffers may be, for instance attention masks.

    Raises:
        CheckpointError: If any tensor contains NaN, or a parameter infinity. The message names the tensors.
    """
    bad = {}
    for name, value in state.items():
        if isinstance(value, torch.Tensor) and (value.is_floating_point() or value.is_complex()):
            wrong = ~value.isfinite() if name in parameters else value.isnan()
            if wrong.any():
                bad[name] = f'{name} ({int(wrong.sum()):,} of {value.numel():,} numbers)'
    if bad:
        raise CheckpointError(
            f'{source} holds numbers that are NaN or infinite, in {len(bad)} of {len(state)} tensors: '
            f'{", ".join(list(bad.values())[:3])}{", ..." if len(bad) > 3 else ""}\n'
            'It was saved by a training that had diverged; take an earlier checkpoint.'
        )


def config_text(config: Config) -> str:
    """Return a configuration as the JSON text that checkpoints store; mmengine's own text is read by running it.

    Tuples become lists; classes and paths become their names.
    """
    return json.dumps(config.to_dict(), default=_named)


def _named(value: Any) -> str:
    return f'{value.__module__}.{value.__qualname__}' if isinstance(value, type) else str(value)


def config_of_checkpoint(path: str | Path) -> Config:
    """Return the configuration that is stored in a checkpoint.

    Raises:
        CheckpointError: If the checkpoint cannot be read, or contains no configuration.
    """
    meta = read_checkpoint(path, mmap=True).get('meta') or {}
    if 'config_json' not in meta:
        raise CheckpointError(
            f'{path} carries no configuration that can be read without running code from it; checkpoints that mmradar '
            'saves now do. Name the configuration that it was trained with'
        )
    return Config(json.loads(meta['config_json']))


def latest_checkpoint(work_dir: str | Path) -> Path | None:
    """Return the checkpoint from which a training in a folder resumes; ``None`` if it has none yet.

    The file ``last_checkpoint`` names it. If the folder was moved or copied since, the checkpoint of that name in the
    folder itself counts.

    Raises:
        CheckpointError: There are checkpoints, but no file that tells which is the latest.
    """
    folder, record = Path(work_dir), Path(work_dir) / 'last_checkpoint'
    if record.is_file():
        recorded = Path(record.read_text().strip())
        return folder / recorded.name if (folder / recorded.name).is_file() else recorded
    if found := sorted(path.name for path in folder.glob('*.pth')):
        raise CheckpointError(
            f'{folder} has no file last_checkpoint, which names the checkpoint to resume from, but it has '
            f'{", ".join(found[:3])}{", ..." if len(found) > 3 else ""}. Name one of them: --resume CHECKPOINT. Or '
            'start anew in another folder: --work-dir'
        )
    return None


def last_good_checkpoint(latest: str | Path) -> Path | None:
    """Return the newest checkpoint that can be read and has finite weights; ``None`` if there is none.

    Args:
        latest: Checkpoint to try first; the others in its folder follow, newest first.
    """
    others = sorted(Path(latest).parent.glob('*.pth'), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    for path in dict.fromkeys([Path(latest), *others]):
        try:
            content = read_checkpoint(path, mmap=True)
            check_finite(content.get('state_dict', content), str(path))
        except CheckpointError:
            continue
        return path
    return None


def check_state_dict(model: torch.nn.Module, state: Mapping[str, torch.Tensor], source: str) -> None:
    """Raise if weights are of another model: mmengine would load those that fit and leave the rest random.

    Buffers that a module lists in ``shaped_by_fit`` take the checkpoint's shape and may differ in it.

    Raises:
        CheckpointError: If keys are missing, unexpected or of another shape (the message gives examples of each), or
            weights are NaN or infinite.
    """
    own = model.state_dict()
    any_shape = {
        f'{prefix}.{name}'.removeprefix('.')
        for prefix, module in model.named_modules()
        for name in getattr(module, 'shaped_by_fit', ())
    }
    state = {key.removeprefix('module.'): value for key, value in state.items()}
    differences = {
        'missing in it': sorted(set(own) - set(state)),
        'unknown to the model': sorted(set(state) - set(own)),
        'of another shape': [
            f'{key} (model {tuple(own[key].shape)}, checkpoint {tuple(state[key].shape)})'
            for key in own
            if key in state and own[key].shape != state[key].shape and key not in any_shape
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
    check_finite(state, source, {name for name, _ in model.named_parameters()})


def check_optimizer_state(own: Mapping[str, Any], state: Mapping[str, Any], source: str) -> None:
    """Raise if a saved optimizer state has other parameter groups than the optimizer, or NaN averages.

    Args:
        own: ``state_dict()`` of the optimizer that resumes, or of its wrapper. The state of a wrapper of several
            optimizers is not checked.
        state: Saved state, from the checkpoint.
        source: Origin of the saved state, for the message.

    Raises:
        CheckpointError: If the groups differ in the number of parameters, or an average is NaN.
    """
    if 'param_groups' not in own or 'param_groups' not in state:
        return
    sizes, others = ([len(group['params']) for group in x['param_groups']] for x in (own, state))
    if sizes != others:
        raise CheckpointError(
            f'{source} cannot be resumed: its optimizer has {_groups(others)}, that of the configuration '
            f'{_groups(sizes)}. Was it trained with another optim_wrapper, or by a version of mmradar that let all '
            'parameters decay? To start a new training from its weights: load_from without --resume.'
        )
    averages = {
        f'{name} of parameter {number}': value
        for number, values in state['state'].items()
        for name, value in values.items()
    }
    check_finite(averages, f'the optimizer in {source}')


def settings_of_checkpoint(
    own: Mapping[str, Any],
    state: Mapping[str, Any],
    own_schedulers: Mapping[str, Mapping[str, Any]],
    schedulers: Mapping[str, Mapping[str, Any]],
) -> list[str]:
    """List the settings of optimizer and schedules that differ between a checkpoint and the configuration.

    A resumed training takes them from its checkpoint.

    Args:
        own: ``state_dict()`` of the configured optimizer.
        state: Saved state of the optimizer, from the checkpoint.
        own_schedulers: ``state_dict()`` of each configured schedule, by name.
        schedulers: Saved state of each schedule, by name.

    Returns:
        One text per setting, such as ``'optimizer.weight_decay = 0.1, not 0.01'``: the saved value comes first.
    """
    pairs = [(name, own_schedulers[name], schedulers[name]) for name in own_schedulers if name in schedulers]
    groups = [x.get('param_groups', []) for x in (own, state)]
    pairs += [('optimizer', *pair) for pair in zip(*groups)]
    found = {  # by name: a setting that differs in several parameter groups is listed once
        f'{name}.{key}': f'{name}.{key} = {saved[key]!r}, not {configured[key]!r}'
        for name, configured, saved in pairs
        for key in configured
        if key in saved and key not in _RUNNING and not key.startswith('_') and configured[key] != saved[key]
    }
    return list(found.values())


def _groups(sizes: list[int]) -> str:
    shown = ', '.join(map(str, sizes[:4])) + (', ...' if len(sizes) > 4 else '')
    return f'{len(sizes)} group{"s" if len(sizes) > 1 else ""} of {shown} parameters'
