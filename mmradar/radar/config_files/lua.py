"""Which calls a Lua script of mmWave Studio makes, with which values."""

from __future__ import annotations

import operator
from collections import ChainMap
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from mmradar.errors import ConfigError
from mmradar.radar.config_files.lua_parser import UNKNOWN, Node, parse, parts_of

_ARITHMETIC: dict[str, Callable[[float, float], Any]] = {
    '+': operator.add,
    '-': operator.sub,
    '*': operator.mul,
    '/': operator.truediv,
    '//': operator.floordiv,
    '%': operator.mod,
    '^': operator.pow,
    '<': operator.lt,
    '>': operator.gt,
    '<=': operator.le,
    '>=': operator.ge,
}
_MOST_STEPS = 20_000
_MOST_DEPTH = 60


@dataclass(frozen=True)
class Call:
    """A call ``ar1.name(...)``: its line, the values of its arguments, and how they are written."""

    line: int
    name: str
    values: tuple[Any, ...]
    written: tuple[str, ...]


@dataclass(eq=False)
class _Function:
    parameters: list[str]
    body: list[Node]
    names: ChainMap  # the scope that it was defined in, which it sees wherever it is called


@dataclass(frozen=True)
class _OfStudio:
    """``ar1``, or the function ``ar1.name``, under whatever name a script has it."""

    name: str = ''


_MISSING = object()


@dataclass
class _Run:
    """What a script has done so far."""

    wanted: Collection[str]
    given: Mapping[str, Any]
    names: ChainMap = field(default_factory=ChainMap)
    calls: list[Call] = field(default_factory=list)
    changes: list[tuple[dict, Any, Any]] = field(default_factory=list)  # where, of what name or key, its value before
    steps: int = 0
    depth: int = 0

    def block(
        self, statements: list[Node], names: Mapping[str, Any] | None = None, scope: ChainMap | None = None
    ) -> str:
        """Run statements in a scope of their own, inside ``scope``; ``'break'`` or ``'return'`` where they end so."""
        outside = self.names
        self.names = (outside if scope is None else scope).new_child(dict(names or {}))
        self.depth += 1
        if self.depth > _MOST_DEPTH:
            raise ConfigError(f'line {statements[0].line if statements else "?"}: blocks or calls too deep to follow')
        ended = ''
        for statement in statements:
            if ended := self.statement(statement):
                break
        self.names = outside
        self.depth -= 1
        return ended

    def step(self, node: Node) -> None:
        self.steps += 1
        if self.steps > _MOST_STEPS:
            raise ConfigError(f'line {node.line}: runs too long to follow')

    def statement(self, node: Node) -> str:
        self.step(node)
        match node.kind:
            case 'assign':
                self.assign(*node.parts)
            case 'local function':  # which sees its own name
                self.names = self.names.new_child()
                self.put(node.parts[0][0], self.value(node.parts[1][0]), self.names, True)
            case 'call':
                self.value(node)
            case 'do':
                return self.block(*node.parts)
            case 'if':
                return self.branch(node)
            case 'for':
                return self.count(node)
            case 'loop':
                self.skip([node], node.line, 'a loop whose end the script does not give')
            case 'goto':
                raise _goto(node)
            case 'return':
                for part in node.parts[0]:
                    self.value(part)
                return 'return'
            case 'break':
                return 'break'
        return ''

    def set(self, container: dict, key: Any, value: Any) -> None:
        """Every change of a name or a table's entry goes through here, so that a branch can be taken back."""
        self.changes.append((container, key, container.get(key, _MISSING)))
        if value is _MISSING:
            container.pop(key, None)
        else:
            container[key] = value

    def clear(self, table: dict) -> None:
        for key in list(table):
            self.set(table, key, _MISSING)

    def assign(self, targets: list[Node], sources: list[Node], local: bool) -> None:
        values = [self.value(source) for source in sources]
        values += [UNKNOWN if sources else None] * (len(targets) - len(values))  # further results of a call
        if local:
            self.names = self.names.new_child()  # functions defined further up do not see it
        for target, value in zip(targets, values):
            self.put(target, value, self.names, local)

    def put(self, target: Node, value: Any, names: ChainMap, local: bool = False) -> None:
        if target.kind == 'name':
            name = target.parts[0]
            if name not in self.given:
                scope = names.maps[0] if local else next((m for m in names.maps if name in m), names.maps[-1])
                self.set(scope, name, value)
        elif target.kind == 'index':
            table, key = (self.value(part, names) for part in target.parts)
            if isinstance(table, dict) and isinstance(key, (str, float)):
                self.set(table, key, value)
            elif isinstance(table, dict):
                self.clear(table)  # any entry may be another now

    def branch(self, node: Node) -> str:
        condition, then, other = node.parts
        if (truth := _truth(self.value(condition))) is not UNKNOWN:
            return self.block(then if truth else other)
        names = dict.fromkeys(part.parts[0] for part in parts_of(condition) if part.kind == 'name')
        reason = f'depends on {", ".join(names) or condition.text}, which the script does not give'
        calls, ends = self.calls, []
        for statements in (then, other):
            self.calls, start = [], len(self.changes)
            if self.block(statements) == 'break':
                raise ConfigError(f'line {node.line}: where a loop ends {reason}')
            changed = {(id(where), key): (where, key) for where, key, _ in self.changes[start:]}
            ends.append((self.calls, {at: (*to, to[0].get(to[1], _MISSING)) for at, to in changed.items()}))
            for where, key, before in reversed(self.changes[start:]):
                self.set(where, key, before)
        (then_calls, changed), (other_calls, other_changed) = ends
        if [(call.name, call.values) for call in then_calls] != [(call.name, call.values) for call in other_calls]:
            which = sorted({call.name for call in (*then_calls, *other_calls)})
            raise ConfigError(
                f'line {node.line}: branches disagree on {", ".join(which)}, and which of them runs {reason}; set it '
                'in front of them'
            )
        self.calls = calls + then_calls
        for at in {**changed, **other_changed}:
            where, key, _ = changed.get(at) or other_changed[at]
            before = where.get(key, _MISSING)
            values = [found[at][2] if at in found else before for found in (changed, other_changed)]
            same = values[0] is values[1] or values[0] == values[1]
            if not same and any(isinstance(value, _Function) for value in values):
                raise ConfigError(f'line {node.line}: what the function {key} does {reason}')
            self.set(where, key, values[0] if same else UNKNOWN)
        return ''

    def count(self, node: Node) -> str:
        name, bounds, body = node.parts
        values = [self.value(bound) for bound in bounds] + [1.0]
        number, last, step = values[:3]
        if not all(isinstance(value, float) for value in values[:3]) or not step:
            self.skip([node], node.line, 'a loop whose bounds the script does not give')
            return ''
        while (number <= last) if step > 0 else (number >= last):
            self.step(node)
            if (ended := self.block(body, {name: number})) == 'return':
                return ended
            if ended:
                break
            number += step
        return ''

    def skip(self, part: Any, line: int, what: str) -> None:
        """Leave out what runs an unknown number of times; what it and the functions it calls set is unknown then."""
        pieces = [(part, self.names)]
        seen: set[int] = set()
        for piece, names in pieces:  # which grow meanwhile
            nodes = list(parts_of(piece))
            labels = {node.parts for node in nodes if node.kind == 'label'}
            for node in nodes:
                if node.kind == 'goto' and node.parts not in labels:
                    raise _goto(node)
                if node.kind not in ('name', 'index', 'method'):
                    continue
                plain = not any(inner.kind == 'call' for inner in parts_of(node))
                value = self.value(node, names) if plain else UNKNOWN
                name = value.name if isinstance(value, _OfStudio) else _key(node)
                if name in self.wanted:
                    raise ConfigError(f'line {line}: {name} stands in {what}; it cannot be followed')
                if isinstance(value, _Function) and id(value) not in seen:
                    seen.add(id(value))
                    pieces.append((Node('function', 0, (value.parameters, value.body)), value.names))
        for piece, names in pieces:
            self.forget(piece, names)

    def forget(self, part: Any, names: ChainMap) -> None:
        """Make unknown what a piece of script sets outside of itself."""
        if isinstance(part, (list, tuple)):
            names = names.new_child() if isinstance(part, list) else names
            for inner in part:
                self.forget(inner, names)
        elif isinstance(part, Node):
            if part.kind in ('function', 'for'):
                own = part.parts[0] if part.kind == 'function' else [part.parts[0]]
                names = names.new_child(dict.fromkeys(own, UNKNOWN))
            self.forget(part.parts, names)
            if part.kind in ('assign', 'local function'):
                for target in part.parts[0]:
                    self.put(target, UNKNOWN, names, part.parts[2])
            if part.kind == 'call' and isinstance(self.quiet(part.parts[0], names), _Function):
                for argument in part.parts[1]:
                    if isinstance(table := self.quiet(argument, names), dict):
                        self.clear(table)

    def quiet(self, node: Node, names: ChainMap) -> Any:
        """A name's or an entry's value, where finding it calls nothing."""
        calls = any(inner.kind in ('call', 'function') for inner in parts_of(node))
        return UNKNOWN if calls else self.value(node, names)

    def value(self, node: Node, names: ChainMap | None = None) -> Any:
        if names is not None:
            outside, self.names = self.names, names
            found = self.value(node)
            self.names = outside
            return found
        match node.kind:
            case 'value':
                return node.parts[0]
            case 'name':
                if node.parts[0] == '_G':
                    return self.names.maps[-1]
                return self.given.get(node.parts[0], self.names.get(node.parts[0], UNKNOWN))
            case 'function':
                return _Function(*node.parts, self.names)
            case 'table':
                return self.table(node)
            case 'index' | 'method':
                table, key = map(self.value, node.parts)
                if table == _OfStudio():
                    return _OfStudio(key) if isinstance(key, str) else UNKNOWN
                return table.get(key, UNKNOWN) if isinstance(table, dict) and isinstance(key, (str, float)) else UNKNOWN
            case 'call':
                return self.call(node)
            case 'unary':
                word, operand = node.parts[0], self.value(node.parts[1])
                if word == 'not':
                    return UNKNOWN if (truth := _truth(operand)) is UNKNOWN else not truth
                return -operand if word == '-' and isinstance(operand, float) else UNKNOWN
            case 'binary':
                return self.binary(*node.parts)
        return UNKNOWN

    def table(self, node: Node) -> dict[Any, Any]:
        table: dict[Any, Any] = {}
        position = 1.0
        for key, entry in node.parts:
            name = self.value(key) if key else position
            position += key is None
            if isinstance(name, (str, float)):
                table[name] = self.value(entry)
        return table

    def binary(self, word: str, left_node: Node, right_node: Node) -> Any:
        left = self.value(left_node)
        if word in ('and', 'or'):
            settles = word == 'or'  # the truth of one side with which the other does not count
            if (truth := _truth(left)) is settles:
                return left
            right = self.value(right_node)
            return right if truth is not UNKNOWN else settles if _truth(right) is settles else UNKNOWN
        right = self.value(right_node)
        if UNKNOWN in (left, right):
            return UNKNOWN
        if word in ('==', '~='):
            return (type(left) is type(right) and left == right) is (word == '==')
        if word not in _ARITHMETIC or not (isinstance(left, float) and isinstance(right, float)):
            return UNKNOWN
        try:
            result = _ARITHMETIC[word](left, right)
        except (ArithmeticError, ValueError):
            return UNKNOWN
        return result if isinstance(result, (bool, float)) else UNKNOWN

    def call(self, node: Node) -> Any:
        called, arguments = node.parts
        values = [self.value(argument) for argument in arguments]
        function = self.value(called)
        if isinstance(function, _OfStudio):
            name = function.name
            if name in self.wanted:
                written = tuple(argument.text for argument in arguments)
                self.calls.append(Call(node.line, name, tuple(values), written))
            # they return 0 where they succeed, and a configuration is of a script that did
            return UNKNOWN if name.startswith(('Get', 'Is', 'Read', 'Calling_')) else 0.0
        if isinstance(function, _Function):
            values = [self.value(called.parts[0]), *values] if called.kind == 'method' else values
            names = dict(zip(function.parameters, values + [None] * len(function.parameters)))
            self.block(function.body, names, function.names)
            return UNKNOWN
        if (name := _key(called)) in self.wanted:
            raise ConfigError(
                f'line {node.line}: {name} is called of what the script does not give; call it as ar1.{name}'
            )
        if called.kind == 'index' and called.parts[0].kind == 'name':
            table = self.value(called.parts[0])
            if isinstance(table, dict) and any(map(_is_function, table.values())):
                raise ConfigError(f'line {node.line}: which function of a table is called the script does not give')
        if any(map(_is_function, values)):
            self.skip(arguments, node.line, 'a function that another one is given to call')
        for table in values:  # such as table.insert's
            if isinstance(table, dict):
                self.clear(table)
        return UNKNOWN


def _is_function(value: Any) -> bool:
    return isinstance(value, (_Function, _OfStudio))


def _goto(node: Node) -> ConfigError:
    return ConfigError(f'line {node.line}: goto {node.parts[0]} is not followed; write it with if, or leave it out')


def _key(node: Node) -> str:
    """``name`` of a piece of script ``table.name``; ``''`` of others."""
    key = node.parts[1] if node.kind in ('index', 'method') else None
    return key.parts[0] if key and key.kind == 'value' and isinstance(key.parts[0], str) else ''


def _truth(value: Any) -> Any:
    return UNKNOWN if value is UNKNOWN else not (value is None or value is False)


def run_script(text: str, wanted: Collection[str], given: Mapping[str, Any]) -> tuple[list[Call], Mapping[str, Any]]:
    """The calls ``ar1.name(...)`` that a script makes, in their order.

    Names are looked up, arithmetic is done, branches, counting loops and functions are followed. Where a branch depends
    on what the script does not give, both must make the same calls. An ``ar1`` function succeeds.

    Args:
        text: The script, or an excerpt that leaves blocks open.
        wanted: Names of the functions whose calls are of interest.
        given: Values of names, which the script cannot set otherwise.

    Returns:
        The calls, and the values of the script's own names at its end.

    Raises:
        ConfigError: It is no Lua, its branches disagree, or a wanted call stands in what cannot be followed.
    """
    given = {**given, 'ar1': _OfStudio()}
    run = _Run(wanted, given, ChainMap(dict(given)))
    for statement in parse(text):
        if run.statement(statement):
            break
    return run.calls, run.names
