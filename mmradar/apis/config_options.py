"""Options of the command line: refused where they would change nothing."""

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

# What mmengine's Runner reads of a configuration. Other names are facts, to which these entries refer, or only helped
# to write it.
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
# What is read of an entry beside its class's arguments, mostly by the Runner.
_LOADER_KEYS = ('dataset', 'sampler', 'batch_sampler', 'num_batch_per_epoch', 'disable_subprocess_warning')
_BESIDE = {
    'train_cfg': ('by_epoch',),
    'train_dataloader': _LOADER_KEYS,
    'val_dataloader': _LOADER_KEYS,
    'test_dataloader': _LOADER_KEYS,
    # the last three are of mixed precision, which --amp chooses
    'optim_wrapper': ('optimizer', 'constructor', 'paramwise_cfg', 'loss_scale', 'dtype', 'use_fsdp'),
    'env_cfg': ('cudnn_benchmark', 'mp_cfg', 'dist_cfg', 'resource_limit'),
    'auto_scale_lr': ('enable', 'base_batch_size'),
    'custom_imports': ('imports', 'allow_failed_imports'),
}


def check_options(config: Config, options: Mapping[str, Any], also_read: Collection[str] = ()) -> None:
    """Refuse what mmengine would add to a configuration without anybody reading it.

    Three kinds: a top-level name to which nothing refers that is read, because it only helped to write the
    configuration, of which the message names the keys that count; one that does not exist; and a key below, where none
    was, that the class of its entry does not take. What cannot be told for sure passes, such as a new key of an entry
    without a class, unless it is nearly the name of another.

    Args:
        config: Before the options are merged, with its references.
        options: By dotted key.
        also_read: Top-level names that the tool reads itself.

    Raises:
        ConfigError: As said; or a key that leads into a number or a tuple, or to a list's entry that is not there.
    """
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


def facts(config: Config, also_read: Collection[str] = ()) -> set[str]:
    """Dotted keys that the references of what is read lead to, and the references of what these lead to."""
    found: set[str] = set()
    nodes = [config[key] for key in config if key in RUNNER_KEYS or key in also_read]
    while nodes:
        new = set(referred(nodes.pop())) - found
        found |= new
        nodes += [config[key.split('.')[0]] for key in new]
    return found


def _leads_to(key: str, read: Collection[str]) -> bool:
    """Whether a dotted key is one of those that are read, lies below one, or one lies below it."""
    return any(f'{key}.'.startswith(f'{one}.') or f'{one}.'.startswith(f'{key}.') for one in read)


def takes(kind: Callable, name: str) -> bool | None:
    """Whether a class, or a function, has an argument; ``None`` if it passes unknown ones on."""
    layers = [base.__init__ for base in kind.__mro__ if '__init__' in vars(base)] if inspect.isclass(kind) else [kind]
    if layers == [object.__init__]:
        return False if kind.__new__ is object.__new__ else None
    for layer in layers[: -1 if inspect.isclass(kind) else None]:  # without that of object
        arguments = inspect.signature(layer).parameters
        if name in arguments:
            return True
        if not any(argument.kind is argument.VAR_KEYWORD for argument in arguments.values()):
            return False if layer is layers[0] else None
    return None


def registered(name: Any) -> list[Callable]:
    """The classes of a name in mmradar's registries and their parents; of a class itself, that."""
    if callable(name):
        return [name]
    if not isinstance(name, str) or ('.' in name and name.split('.')[0] not in ('mmradar', 'mmpose', 'mmengine')):
        return []  # of a package that may not be installed
    registries = [value for value in vars(registry).values() if isinstance(value, Registry)]
    return list(dict.fromkeys(filter(None, (one.get(name) for one in registries))))


def walk(node: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Everything in nested settings, with its dotted key."""
    yield path, node
    children = node.items() if isinstance(node, Mapping) else enumerate(node) if isinstance(node, (list, tuple)) else ()
    for key, child in children:
        yield from walk(child, f'{path}.{key}')


def _check_below(config: Config, options: Mapping[str, Any], key: str, path: str, rest: list[str]) -> None:
    """Follow a key as far as the configuration has it, and judge the first part that is new."""
    node = config[path]
    for part in rest:
        if isinstance(node, tuple):
            raise ConfigError(f'--cfg-options {key}: {path} is {node!r}, which changes as a whole')
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
    """Whether the entry ``node`` at ``path`` may get a new key."""
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
    name, kinds, beside = _readers(path, kind, node)
    answers = [takes(kind, part) for kind in kinds]
    if part in beside or True in answers:
        return
    known = {*node, *beside, *(argument for kind in kinds for argument in _arguments(kind))}
    sure = (kinds or (beside and kind is None)) and None not in answers
    near = _suggestion(part, known)
    if sure or near:
        raise ConfigError(f'--cfg-options {key}: {name} takes no {part!r}{near or _list(known)}')


def _readers(path: str, kind: Any, node: Mapping[str, Any]) -> tuple[str, list[Callable], Collection[str]]:
    """Who reads an entry: its name for a message, the classes that it may be of, and keys that are read beside."""
    beside = _BESIDE.get(path, ())
    if path in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        return path, [DataLoader], beside
    if path == 'randomness':
        return path, [Runner.set_randomness], beside
    if path == 'train_cfg' and kind is None:
        kind = 'EpochBasedTrainLoop' if node.get('by_epoch', True) else 'IterBasedTrainLoop'
    kind = kind or _UNTYPED.get(path)
    name = getattr(kind, '__name__', kind)
    return (f'{path} ({name})' if kind else path), registered(kind), beside


def _arguments(kind: Callable) -> list[str]:
    layers = [base.__init__ for base in kind.__mro__ if '__init__' in vars(base)] if inspect.isclass(kind) else [kind]
    hidden = ('self', 'args', 'kwargs')
    return [name for layer in layers for name in inspect.signature(layer).parameters if name not in hidden]


def _suggestion(name: str, known: Collection[str], cutoff: float = _CLOSE) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=cutoff)
    return f'; did you mean {near[0]!r}?' if near else ''


def _list(known: Collection[str]) -> str:
    return f'; it takes {", ".join(sorted(known))}'


def nothing_reads(config: Config, first: str, rest: Sequence[str] = ()) -> str:
    """The message that a top-level name, or a key below it, only helped to write a configuration; and what counts."""
    places = _places(config, first, rest)
    counts = f'What counts: {", ".join(places[:_SHOWN])}' + (', ...' if len(places) > _SHOWN else '')
    return f'nothing reads {first!r}; it only helped to write the configuration' + (
        f'. {counts}' if places else ', and nothing in it has this name or value any more'
    )


def _places(config: Config, first: str, rest: Sequence[str]) -> list[str]:
    """Keys that are read, in place of one that is not: of its name or, if it is no number, its value."""
    value = config[first]
    has_value = isinstance(value, (str, Mapping, list)) and bool(value)
    found = [(path, here) for key in RUNNER_KEYS if key in config for path, here in walk(config[key], key)]
    same = [path for path, here in found if path.split('.')[-1] == first or (has_value and here == value)]
    if rest and not same:
        return [path for path, _ in found if path.split('.')[-1] == rest[-1]]
    return ['.'.join([path, *rest]) for path in same]
