"""References in configurations, as Hydra's: ``'${num_frames}'`` stands for the top-level entry ``num_frames``.

mmengine reads a base before the configuration that inherits from it. What a base derives in Python from a fact does not
follow when the child changes the fact; a reference does, because it is looked up when everything is merged.

``'${radar.num_loops}'`` and ``'${range_bins[0]}'`` lead into an entry. ``'${range_bins[1] - range_bins[0]}'`` and
``'${len(views)}'`` are computed, with ``+ - * //``, numbers, brackets and ``len``. A string that is one reference gives
the value itself, copied; within a longer string its text is put in. What is referred to may refer on.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import difflib
import operator
import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from mmengine.config import Config

from mmradar.errors import ConfigError

_REFERENCE = re.compile(r'\$\{([^{}]*)\}')
_OPERATIONS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.FloorDiv: operator.floordiv}
_Settings = TypeVar('_Settings', Config, dict)


def is_reference(node: Any) -> bool:
    """Whether something is a string that holds a reference."""
    return isinstance(node, str) and '${' in node


def resolve(config: _Settings) -> _Settings:
    """A configuration with values in place of its references.

    Args:
        config: All of it, as references are looked up from its top. It stays as it is.

    Raises:
        ConfigError: A name that is not there, a circle, or what is no reference; with the dotted key where it stands.
    """
    references, resolved = _References(config), copy.deepcopy(config)
    for name in list(config):
        resolved[name] = references.value(config[name], name)
    return resolved


def check_resolved(settings: Any, place: str = '') -> None:
    """Refuse settings in which references are left, before they are taken for values.

    Args:
        settings: Of what is to be built.
        place: Their dotted key, for the message; none of a whole configuration.

    Raises:
        ConfigError: There is one.
    """
    if is_reference(settings):
        raise ConfigError(
            f'{place} = {settings!r} is a reference still. Read configurations with '
            'mmradar.apis.configuration.load_config, or build runners with mmradar.registry.RUNNERS. What these dump, '
            'such as the file in the work directory of a training, has values, for mmengine and mmpose too.'
        )
    if isinstance(settings, (Config, Mapping)):
        for name in settings:
            check_resolved(settings[name], f'{place}.{name}'.lstrip('.'))
    elif _is_list(settings):
        for index, child in enumerate(settings):
            check_resolved(child, f'{place}.{index}')


def value_at(config: Config | Mapping[str, Any], key: str) -> Any:
    """A copy of the value at a dotted key, without references.

    Raises:
        ConfigError: As :func:`resolve`; or there is no such key.
    """
    references = _References(config)
    return references.value(*references.find(key.split('.')))


def referred(node: Any) -> Iterator[str]:
    """Dotted keys of what the references in nested settings lead to; what is no reference is passed over."""
    if isinstance(node, str):
        for text in _REFERENCE.findall(node):
            with contextlib.suppress(_NoReference):
                yield from ('.'.join(place) for place in _places(_parsed(text)))
    elif isinstance(node, (Mapping, list, tuple)):
        for child in node.values() if isinstance(node, Mapping) else node:
            yield from referred(child)


class _References:
    """Looks references up in a configuration, and knows which are being looked up."""

    def __init__(self, config: Config | Mapping[str, Any]) -> None:
        self.config = config
        self.open: list[tuple[str, bool]] = []  # keys of the strings that led here, and whether only on the way

    def value(self, node: Any, key: str) -> Any:
        """A copy of the settings at ``key`` without references."""
        if isinstance(node, Mapping):
            return type(node)({name: self.value(child, f'{key}.{name}') for name, child in node.items()})
        if isinstance(node, (list, tuple)):
            return type(node)(self.value(child, f'{key}.{index}') for index, child in enumerate(node))
        if not is_reference(node):
            return copy.deepcopy(node)
        with self._standing_at(key, node, on_the_way=False):
            if whole := _REFERENCE.fullmatch(node):
                return self._computed(_parsed(whole[1]))
            if is_reference(_REFERENCE.sub('', node)):
                raise _NoReference
            return _REFERENCE.sub(lambda part: str(self._computed(_parsed(part[1]))), node)

    def find(self, place: list[str]) -> tuple[Any, str]:
        """What the configuration has at a place, and its dotted key; references are followed on the way there only."""
        node, key = self.config, ''
        for part in place:
            if is_reference(node) and (whole := _REFERENCE.fullmatch(node)):
                with self._standing_at(key, node, on_the_way=True):
                    node, key = self.find(_place(_parsed(whole[1])))
            known = node if isinstance(node, (Config, Mapping)) else range(len(node) if _is_list(node) else 0)
            part = int(part) if _is_list(node) and part.isdigit() else part
            if part not in known:
                near = difflib.get_close_matches(str(part), map(str, known), n=3)
                near = f'; did you mean {" or ".join(map(repr, near))}?' if near else ''
                raise ConfigError(f'{self._where()}{key or "the configuration"} has no {part!r}{near}')
            node, key = node[part], f'{key}.{part}'.lstrip('.')
        return node, key

    def _computed(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)):
            return self.value(*self.find(_place(node)))
        try:
            if isinstance(node, ast.BinOp):
                return _OPERATIONS[type(node.op)](self._computed(node.left), self._computed(node.right))
            return len(self._computed(node.args[0]))
        except (TypeError, ZeroDivisionError) as error:
            raise ConfigError(f'{self._where()}{ast.unparse(node)} cannot be computed: {error}') from None

    @contextlib.contextmanager
    def _standing_at(self, key: str, string: str, on_the_way: bool) -> Iterator[None]:
        """The references of a string are looked up within."""
        if (key, on_the_way) in self.open:
            way = ' -> '.join([*(passed for passed, _ in self.open), key])
            raise ConfigError(f'{key}: its reference leads back to it: {way}')
        self.open.append((key, on_the_way))
        try:
            yield
        except _NoReference:
            raise ConfigError(
                f"{key} = {string!r} is no reference; one is '${{name}}', '${{name.name}}', '${{name[0]}}' or made of "
                'such with + - * // and len()'
            ) from None
        finally:
            self.open.pop()

    def _where(self) -> str:
        return f'{self.open[-1][0]}: ' if self.open else ''


class _NoReference(Exception):
    """What stands in ``${}`` is none of what may stand there."""


def _is_list(node: Any) -> bool:
    return isinstance(node, (list, tuple))


def _parsed(text: str) -> ast.expr:
    """What stands in ``${}``, after a check that it is made of nothing but what may stand there."""
    try:
        expression = ast.parse(text.strip(), mode='eval').body
    except SyntaxError:
        raise _NoReference from None
    list(_places(expression))
    return expression


def _places(node: ast.expr) -> Iterator[list[str]]:
    """The places of a configuration that an expression is made of."""
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
