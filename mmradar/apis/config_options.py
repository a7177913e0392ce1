"""Checks of command-line options, which refuse those that would have no effect."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from mmengine.config import Config
from mmengine.registry import Registry
from mmengine.runner import Runner
from torch.utils.data import DataLoader

from mmradar import registry
from mmradar.errors import ConfigError
from mmradar.interpolation import referred, resolve

# Entries that mmengine's Runner reads. Any other top-level name is either a fact, to which these entries refer, or a
# helper variable that only served to write the configuration.
RUNNER_KEYS = (
    'model',
    'work_dir',
    'train_dataloader',
    'val_dataloader',
    'test_dataloader',
    'train_cfg',
    'val_cfg',
    'test_cfg',
    'auto_scale_lr',
    'optim_wrapper',
    'param_scheduler',
    'val_evaluator',
    'test_evaluator',
    'default_hooks',
    'custom_hooks',
    'data_preprocessor',
    'load_from',
    'resume',
    'launcher',
    'env_cfg',
    'log_processor',
    'log_level',
    'visualizer',
    'default_scope',
    'randomness',
    'experiment_name',
    'custom_imports',
    'runner_type',
    'model_wrapper_cfg',
    'find_unused_parameters',
    'sync_bn',
    'compile',
    'activation_checkpointing',
    'efficient_conv_bn_eval',
)
_SHOWN = 8
_CLOSE = 0.8
# The class of an entry that needs no `type`.
_UNTYPED = {
    'val_cfg': 'ValLoop',
    'test_cfg': 'TestLoop',
    'optim_wrapper': 'OptimWrapper',
    'log_processor': 'LogProcessor',
    'visualizer': 'Visualizer',
    'model_wrapper_cfg': 'MMDistributedDataParallel',
}
# Keys of an entry that are read in addition to its class's arguments, mostly by the Runner.
_LOADER_KEYS = ('dataset', 'sampler', 'batch_sampler', 'num_batch_per_epoch', 'disable_subprocess_warning')
_EXTRA_KEYS = {
    'train_cfg': ('by_epoch',),
    'train_dataloader': _LOADER_KEYS,
    'val_dataloader': _LOADER_KEYS,
    'test_dataloader': _LOADER_KEYS,
    # the last three belong to mixed precision, which --amp selects
    'optim_wrapper': ('optimizer', 'constructor', 'paramwise_cfg', 'loss_scale', 'dtype', 'use_fsdp'),
    'env_cfg': ('cudnn_benchmark', 'mp_cfg', 'dist_cfg', 'resource_limit'),
    'auto_scale_lr': ('enable', 'base_batch_size'),
    'custom_imports': ('imports', 'allow_failed_imports'),
}


def check_options(config: Config, options: Mapping[str, Any], also_read: Collection[str] = ()) -> None:
    """Raise if mmengine would merge an option into a configuration, but nothing would read it.

    Four kinds of option are refused: a top-level name that is a helper variable, to which no entry that is read
    refers (the message names the keys to set instead); a top-level name that does not exist; a new key in an entry
    whose class does not take it; and a learning rate, if the schedule has one of its own. Where this cannot be
    decided, as for a new key of an entry without a class, the option passes unless its name is close to a known one.

    Args:
        config: The configuration before the options are merged, with its references.
        options: Values by dotted key.
        also_read: Top-level names that the tool itself reads.

    Raises:
        ConfigError: An option is one of the four kinds, leads into a number or a tuple, or to a missing list entry.
    """
    _check_learning_rate(config, options)
    read, config = facts(config, also_read), resolve(config)
    for key in options:
        first, *rest = key.split('.')
        if key == 'launcher':
            raise ConfigError('--cfg-options launcher: the flag --launcher decides')
        if first in RUNNER_KEYS or first in also_read or _leads_to(key, read):
            if config.get(first) is not None:
                _check_below(config, options, key, first, rest)
        elif first in config:
            raise ConfigError(f'--cfg-options {key}: {nothing_reads(config, first, rest)}')
        else:
            known = [*(name for name in config if name in RUNNER_KEYS), *RUNNER_KEYS, *also_read, *read]
            raise ConfigError(
                f'--cfg-options {key}: the configuration has no {first!r}{_suggestion(first, known, cutoff=0.6)}'
            )


def _check_learning_rate(config: Config, options: Mapping[str, Any]) -> None:
    """Raise if the optimizer's rate is set, and a cycle of its own maximum overrides it."""
    rate = 'optim_wrapper.optimizer.lr'
    if rate not in options:
        return
    for path, node in walk(config.get('param_scheduler'), 'param_scheduler'):
        maximum = node.get('eta_max') if isinstance(node, Mapping) else None
        # a reference to the optimizer's rate is a text, until it is resolved and dumped
        stated = maximum is not None and not isinstance(maximum, str)
        if stated and not _leads_to(f'{path}.eta_max', options):
            raise ConfigError(
                f'--cfg-options {rate}: the schedule begins, peaks and ends at rates of its own. '
                f'What counts: {path}.eta_max={maximum}'
            )


def facts(config: Config, also_read: Collection[str] = ()) -> set[str]:
    """Return the dotted keys that the entries that are read refer to, directly or through other references."""
    found: set[str] = set()
    nodes = [config[key] for key in config if key in RUNNER_KEYS or key in also_read]
    while nodes:
        new = set(referred(nodes.pop())) - found
        found |= new
        nodes += [config[key.split('.')[0]] for key in new]
    return found


def _leads_to(key: str, read: Collection[str]) -> bool:
    """Return whether a dotted key equals one of the keys that are read, or is above or below one."""
    return any(f'{key}.'.startswith(f'{one}.') or f'{one}.'.startswith(f'{key}.') for one in read)


def takes(kind: Callable, name: str) -> bool | None:
    """Return whether a class or function has an argument; ``None`` if it passes unknown ones on."""
    layers = [base.__init__ for base in kind.__mro__ if '__init__' in vars(base)] if inspect.isclass(kind) else [kind]
    if layers == [object.__init__]:
        return False if kind.__new__ is object.__new__ else None
    for layer in layers[: -1 if inspect.isclass(kind) else None]:  # without object.__init__
        arguments = inspect.signature(layer).parameters
        if name in arguments:
            return True
        if not any(argument.kind is argument.VAR_KEYWORD for argument in arguments.values()):
            return False if layer is layers[0] else None
    return None


def registered(name: Any) -> list[Callable]:
    """Return the classes registered under a name in mmradar's registries and their parents; a class as itself."""
    if callable(name):
        return [name]
    if not isinstance(name, str) or ('.' in name and name.split('.')[0] not in ('mmradar', 'mmpose', 'mmengine')):
        return []  # a class of another package, which may not be installed
    registries = [value for value in vars(registry).values() if isinstance(value, Registry)]
    return list(dict.fromkeys(filter(None, (one.get(name) for one in registries))))


def walk(node: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield every value in nested settings, including the containers, with its dotted key."""
    yield path, node
    children = node.items() if isinstance(node, Mapping) else enumerate(node) if isinstance(node, (list, tuple)) else ()
    for key, child in children:
        yield from walk(child, f'{path}.{key}')


def _check_below(config: Config, options: Mapping[str, Any], key: str, path: str, rest: list[str]) -> None:
    """Follow a dotted key to the first part that the configuration lacks, and check that part."""
    node = config[path]
    for part in rest:
        if isinstance(node, tuple):
            raise ConfigError(f'--cfg-options {key}: {path} is {node!r}, which can only be set as a whole')
        if isinstance(node, list):
            if not (part.isdigit() and int(part) < len(node)):
                raise ConfigError(
                    f'--cfg-options {key}: {path} is a list of {len(node)}, numbered from 0; it has no {part!r}'
                )
            node = node[int(part)]
        elif isinstance(node, Mapping):
            if node.get(part) is None:
                if part not in node:
                    _check_new(options, key, path, part, node)
                return
            node = node[part]
        else:
            raise ConfigError(f'--cfg-options {key}: {path} is {node!r}, which has no {part!r}')
        path = f'{path}.{part}'


def _check_new(options: Mapping[str, Any], key: str, path: str, part: str, node: Mapping[str, Any]) -> None:
    """Raise if the entry ``node`` at ``path`` does not take the new key ``part``."""
    if part in ('type', '_scope_', '_delete_') or ('constructor' in node and path == 'optim_wrapper'):
        return
    if path == 'default_hooks':
        if f'{path}.{part}.type' not in options and not isinstance(options.get(f'{path}.{part}'), Mapping):
            raise ConfigError(
                f'--cfg-options {key}: there is no hook {part!r}{_suggestion(part, node)}; a new one needs '
                f'{path}.{part}.type'
            )
        return
    kind = options.get(f'{path}.type', node.get('type'))
    name, kinds, extra = _readers(path, kind, node)
    answers = [takes(kind, part) for kind in kinds]
    if part in extra or True in answers:
        return
    known = {*node, *extra, *(argument for kind in kinds for argument in _arguments(kind))}
    sure = (kinds or (extra and kind is None)) and None not in answers
    near = _suggestion(part, known)
    if sure or near:
        raise ConfigError(f'--cfg-options {key}: {name} takes no {part!r}{near or _list(known)}')


def _readers(path: str, kind: Any, node: Mapping[str, Any]) -> tuple[str, list[Callable], Collection[str]]:
    """Find out what reads an entry.

    Returns:
        The entry's name for a message, the classes or functions that may take its keys as arguments, and the keys that
        are read in addition to these arguments.
    """
    extra = _EXTRA_KEYS.get(path, ())
    if path in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        return path, [DataLoader], extra
    if path == 'randomness':
        return path, [Runner.set_randomness], extra
    if path == 'train_cfg' and kind is None:
        kind = 'EpochBasedTrainLoop' if node.get('by_epoch', True) else 'IterBasedTrainLoop'
    kind = kind or _UNTYPED.get(path)
    name = getattr(kind, '__name__', kind)
    return (f'{path} ({name})' if kind else path), registered(kind), extra


def _arguments(kind: Callable) -> list[str]:
    """Return the names of the arguments of a class, with those of its bases, or of a function."""
    layers = [base.__init__ for base in kind.__mro__ if '__init__' in vars(base)] if inspect.isclass(kind) else [kind]
    hidden = ('self', 'args', 'kwargs')
    return [name for layer in layers for name in inspect.signature(layer).parameters if name not in hidden]


def _suggestion(name: str, known: Collection[str], cutoff: float = _CLOSE) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=cutoff)
    return f'; did you mean {near[0]!r}?' if near else ''


def _list(known: Collection[str]) -> str:
    return f'; it takes {", ".join(sorted(known))}'


def nothing_reads(config: Config, first: str, rest: Sequence[str] = ()) -> str:
    """Return the message that a top-level name is a helper variable, with the keys to set instead."""
    places = _places(config, first, rest)
    counts = f'What counts: {", ".join(places[:_SHOWN])}' + (', ...' if len(places) > _SHOWN else '')
    return f'nothing reads {first!r}; it only helped to write the configuration' + (
        f'. {counts}' if places else ', and nothing in it has this name or value any more'
    )


def _places(config: Config, first: str, rest: Sequence[str]) -> list[str]:
    """Return keys to set instead of a helper variable: keys that are read and have its name or its value.

    Values that are numbers are not compared, as equal numbers may be unrelated.
    """
    value = config[first]
    has_value = isinstance(value, (str, Mapping, list)) and bool(value)
    found = [(path, here) for key in RUNNER_KEYS if key in config for path, here in walk(config[key], key)]
    same = [path for path, here in found if path.split('.')[-1] == first or (has_value and here == value)]
    if rest and not same:
        return [path for path, _ in found if path.split('.')[-1] == rest[-1]]
    return ['.'.join([path, *rest]) for path in same]
