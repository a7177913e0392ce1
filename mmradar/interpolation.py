"""References in configurations, as in Hydra: ``'${num_frames}'`` stands for the top-level entry ``num_frames``.

mmengine reads a base before the configuration that inherits from it. A value that a base derives in Python does not
follow when the child changes the entry it was derived from; a reference does, because it is looked up after merging.

``'${radar.num_loops}'`` and ``'${range_bins[0]}'`` refer to parts of an entry. ``'${range_bins[1] - range_bins[0]}'``
and ``'${len(views)}'`` are computed; allowed are ``+ - * //``, numbers, brackets and ``len``. A string that is a single
reference is replaced by a copy of the value itself; in a longer string the value's text is inserted. An entry that is
referred to may contain references too.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import difflib
import operator
import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeGuard, TypeVar

from mmengine.config import Config

from mmradar.errors import ConfigError

_REFERENCE = re.compile(r'\$\{([^{}]*)\}')
_OPERATIONS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.FloorDiv: operator.floordiv}
_Settings = TypeVar('_Settings', bound=Config | dict)


def is_reference(node: Any) -> TypeGuard[str]:
    """Return whether ``node`` is a string that contains a reference."""
    return isinstance(node, str) and '${' in node


def resolve(config: _Settings) -> _Settings:
    """Return a copy of a configuration with all references replaced by their values.

    Args:
        config: The whole configuration, because references are looked up from its top level. It is not changed.

    Raises:
        ConfigError: If a reference names a missing entry, leads back to itself, or is malformed. The message gives its
            dotted key.
    """
    references, resolved = _References(config), copy.deepcopy(config)
    for name in list(config):
        resolved[name] = references.value(config[name], name)
    return resolved


def check_resolved(settings: Any, place: str = '') -> None:
    """Raise if settings still contain references, before these are mistaken for values.

    Args:
        settings: Settings of the object to be built.
        place: Dotted key of the settings, for the message; empty for a whole configuration.

    Raises:
        ConfigError: If a reference is left.
    """
    if is_reference(settings):
        raise ConfigError(
            f'{place} = {settings!r} is a reference still. Read configurations with '
            'mmradar.apis.configuration.load_config, or build runners with mmradar.registry.RUNNERS. Configurations '
            'that these save, as in the work directory of a training, have values and suit mmengine and mmpose too.'
        )
    if isinstance(settings, (Config, Mapping)):
        for name in settings:
            check_resolved(settings[name], f'{place}.{name}'.lstrip('.'))
    elif _is_list(settings):
        for index, child in enumerate(settings):
            check_resolved(child, f'{place}.{index}')


def value_at(config: Config | Mapping[str, Any], key: str) -> Any:
    """Return a copy of the value at a dotted key, with its references replaced by values.

    Raises:
        ConfigError: See :func:`resolve`; or if there is no such key.
    """
    references = _References(config)
    return references.value(*references.find(key.split('.')))


def referred(node: Any) -> Iterator[str]:
    """Yield the dotted keys that the references in nested settings refer to; skip malformed references."""
    if isinstance(node, str):
        for text in _REFERENCE.findall(node):
            with contextlib.suppress(_NoReference):
                yield from ('.'.join(place) for place in _places(_parsed(text)))
    elif isinstance(node, (Mapping, list, tuple)):
        for child in node.values() if isinstance(node, Mapping) else node:
            yield from referred(child)


class _References:
    """Resolver of references in a configuration, which tracks the references being resolved to detect cycles."""

    def __init__(self, config: Config | Mapping[str, Any]) -> None:
        self.config: Any = config  # a node, as all settings below it
        self.open: list[tuple[str, bool]] = []  # (key, on_the_way) of each string being resolved

    def value(self, node: Any, key: str) -> Any:
        """Return a copy of the settings at ``key`` with references replaced by values."""
        kind = type(node)  # a ConfigDict stays one
        if isinstance(node, Mapping):
            return kind({name: self.value(child, f'{key}.{name}') for name, child in node.items()})
        if isinstance(node, (list, tuple)):
            return kind(self.value(child, f'{key}.{index}') for index, child in enumerate(node))
        if not is_reference(node):
            return copy.deepcopy(node)
        with self._resolving(key, node, on_the_way=False):
            if whole := _REFERENCE.fullmatch(node):
                return self._computed(_parsed(whole[1]))
            if is_reference(_REFERENCE.sub('', node)):
                raise _NoReference
            return _REFERENCE.sub(lambda part: str(self._computed(_parsed(part[1]))), node)

    def find(self, place: list[str]) -> tuple[Any, str]:
        """Return the settings at a place and their dotted key.

        References on the way are followed; the settings found are returned with their references.

        Args:
            place: Keys and indices from the top level.
        """
        node, key = self.config, ''
        for part in place:
            node, key = self._follow(node, key)
            known = node if isinstance(node, (Config, Mapping)) else range(len(node) if _is_list(node) else 0)
            part = int(part) if _is_list(node) and part.isdigit() else part
            if part not in known:
                near = difflib.get_close_matches(str(part), map(str, known), n=3)
                near = f'; did you mean {" or ".join(map(repr, near))}?' if near else ''
                raise ConfigError(f'{self._where()}{key or "the configuration"} has no {part!r}{near}')
            node, key = node[part], f'{key}.{part}'.lstrip('.')
        return node, key

    def _follow(self, node: Any, key: str) -> tuple[Any, str]:
        """Return the settings that ``node`` refers to and their dotted key; itself if it is not a single reference."""
        if is_reference(node) and (whole := _REFERENCE.fullmatch(node)):
            with self._resolving(key, node, on_the_way=True):
                return self.find(_place(_parsed(whole[1])))
        return node, key

    def _computed(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)):
            return self.value(*self.find(_place(node)))
        try:
            if isinstance(node, ast.BinOp):
                return _OPERATIONS[type(node.op)](self._computed(node.left), self._computed(node.right))
            if isinstance(node, ast.Call):  # len(...)
                return len(self._computed(node.args[0]))
        except (TypeError, ZeroDivisionError) as error:
            raise ConfigError(f'{self._where()}{ast.unparse(node)} cannot be computed: {error}') from None
        raise _NoReference

    @contextlib.contextmanager
    def _resolving(self, key: str, string: str, on_the_way: bool) -> Iterator[None]:
        """Mark a string's references as being resolved; raise on cycles, and name the key in errors.

        Args:
            key: Dotted key of the string.
            string: The string, for the message.
            on_the_way: The reference is followed only to reach an entry below it; this is not a cycle of its value.
        """
        if (key, on_the_way) in self.open:
            way = ' -> '.join([*(passed for passed, _ in self.open), key])
            raise ConfigError(f'{key}: its reference leads back to it: {way}')
        self.open.append((key, on_the_way))
        try:
            yield
        except _NoReference:
            raise ConfigError(
                f"{key} = {string!r} is no reference; one is '${{name}}', '${{name.name}}', '${{name[0]}}' or an "
                'expression of these with + - * // and len()'
            ) from None
        finally:
            self.open.pop()

    def _where(self) -> str:
        return f'{self.open[-1][0]}: ' if self.open else ''


class _NoReference(Exception):
    """Error of a ``${}`` whose content is not allowed there."""


def _is_list(node: Any) -> bool:
    return isinstance(node, (list, tuple))


def _parsed(text: str) -> ast.expr:
    """Parse the content of ``${}``, and check that it consists of allowed expressions only."""
    try:
        expression = ast.parse(text.strip(), mode='eval').body
    except SyntaxError:
        raise _NoReference from None
    list(_places(expression))
    return expression


def _places(node: ast.expr) -> Iterator[list[str]]:
    """Yield the places of a configuration that an expression refers to; raise if it has other parts."""
    match node:
        case ast.Name() | ast.Attribute() | ast.Subscript():
            yield _place(node)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATIONS:
            yield from _places(left)
            yield from _places(right)
        case ast.Call(func=ast.Name(id='len'), args=[argument], keywords=[]):
            yield from _places(argument)
        case ast.Constant(value=number) if type(number) in (int, float):
            pass
        case _:
            raise _NoReference


def _place(node: ast.expr) -> list[str]:
    match node:
        case ast.Name(id=name):
            return [name]
        case ast.Attribute(value=inner, attr=name):
            return [*_place(inner), name]
        case ast.Subscript(value=inner, slice=ast.Constant(value=int(index))):
            return [*_place(inner), str(index)]
        case _:
            raise _NoReference
