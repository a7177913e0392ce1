"""Which calls a Lua script of mmWave Studio makes, with which values."""

from __future__ import annotations

import copy
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


@dataclass
class _Function:
    parameters: list[str]
    body: list[Node]

    def __deepcopy__(self, memo: dict) -> _Function:
        return self


@dataclass
class _Run:
    """What a script has done so far."""

    wanted: Collection[str]
    given: Mapping[str, Any]
    names: ChainMap = field(default_factory=ChainMap)
    calls: list[Call] = field(default_factory=list)
    steps: int = 0
    depth: int = 0

    def block(self, statements: list[Node], names: Mapping[str, Any] | None = None) -> str:
        """Run statements in a scope of their own; ``'break'`` or ``'return'`` where they end so."""
        self.names = self.names.new_child(dict(names or {}))
        self.depth += 1
        if self.depth > _MOST_DEPTH:
            raise ConfigError(f'line {statements[0].line if statements else "?"}: blocks or calls too deep to follow')
        ended = ''
        for statement in statements:
            if ended := self.statement(statement):
                break
        self.names = self.names.parents
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
            case 'call':
                self.value(node)
            case 'do':
                return self.block(*node.parts)
            case 'if':
                return self.branch(node)
            case 'for':
                return self.count(node)
            case 'loop':
                self.skip(node, 'a loop whose end the script does not give')
            case 'return':
                for part in node.parts[0]:
                    self.value(part)
                return 'return'
            case 'break':
                return 'break'
        return ''

    def assign(self, targets: list[Node], sources: list[Node], local: bool) -> None:
        values = [self.value(source) for source in sources]
        values += [UNKNOWN if sources else None] * (len(targets) - len(values))  # further results of a call
        for target, value in zip(targets, values):
            if target.kind == 'name':
                name = target.parts[0]
                scopes = [] if local else [scope for scope in self.names.maps if name in scope]
                if name not in self.given:
                    (scopes or self.names.maps)[0 if local or scopes else -1][name] = value
            elif target.kind == 'index':
                table, key = map(self.value, target.parts)
                if isinstance(table, dict) and isinstance(key, (str, float)):
                    table[key] = value
                elif isinstance(table, dict):
                    table.clear()  # any entry may be another now

    def branch(self, node: Node) -> str:
        condition, then, other = node.parts
        if (truth := _truth(self.value(condition))) is not UNKNOWN:
            return self.block(then if truth else other)
        before = self.names, self.calls
        outcomes = []
        for statements in (then, other):
            self.names, self.calls = copy.deepcopy(before[0]), []
            self.block(statements)
            outcomes.append((self.names, self.calls))
        (names, calls), (other_names, other_calls) = outcomes
        if [(call.name, call.values) for call in calls] != [(call.name, call.values) for call in other_calls]:
            which = sorted({call.name for call in (*calls, *other_calls)})
            names = dict.fromkeys(part.parts[0] for part in parts_of(condition) if part.kind == 'name')
            raise ConfigError(
                f'line {node.line}: branches disagree on {", ".join(which)}, and which of them runs depends on '
                f'{", ".join(names) or condition.text}, which the script does not give; set it in front of them'
            )
        self.names, self.calls = names, before[1] + calls
        for scope, other_scope in zip(self.names.maps, other_names.maps):
            for name in {*scope, *other_scope}:
                if name not in scope or name not in other_scope or scope[name] != other_scope[name]:
                    scope[name] = UNKNOWN
        return ''

    def count(self, node: Node) -> str:
        name, bounds, body = node.parts
        values = [self.value(bound) for bound in bounds] + [1.0]
        number, last, step = values[:3]
        if not all(isinstance(value, float) for value in values[:3]) or not step:
            self.skip(Node('loop', node.line, (None, body)), 'a loop whose bounds the script does not give')
            return ''
        while (number <= last) if step > 0 else (number >= last):
            self.step(node)
            if (ended := self.block(body, {name: number})) == 'return':
                return ended
            if ended:
                break
            number += step
        return ''

    def skip(self, node: Node, what: str) -> None:
        """Leave out what runs an unknown number of times; all that it sets is unknown then."""
        if called := self.reached(node, set()):
            raise ConfigError(f'line {node.line}: {called} stands in {what}; it cannot be followed')
        for part in parts_of(node):
            if part.kind == 'assign':
                unknown = [Node('value', part.line, (UNKNOWN,))] * len(part.parts[0])
                self.assign(part.parts[0], unknown, False)

    def reached(self, node: Node, seen: set[str]) -> str:
        """The first wanted call in a piece of script or in the functions that it calls."""
        for part in parts_of(node):
            if (name := _ar1_function(part)) in self.wanted:
                return name
            if part.kind == 'name' and part.parts[0] not in seen:
                seen.add(part.parts[0])
                function = self.names.get(part.parts[0])
                if isinstance(function, _Function) and (called := self.reached(Node('do', 0, (function.body,)), seen)):
                    return called
        return ''

    def value(self, node: Node) -> Any:
        match node.kind:
            case 'value':
                return node.parts[0]
            case 'name':
                return self.given.get(node.parts[0], self.names.get(node.parts[0], UNKNOWN))
            case 'function':
                return _Function(*node.parts)
            case 'table':
                return self.table(node)
            case 'index' | 'method':
                table, key = map(self.value, node.parts)
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
        if name := _ar1_function(called):
            if name in self.wanted:
                written = tuple(argument.text for argument in arguments)
                self.calls.append(Call(node.line, name, tuple(values), written))
            # they return 0 where they succeed, and a configuration is of a script that did
            return UNKNOWN if name.startswith(('Get', 'Is', 'Read', 'Calling_')) else 0.0
        function = self.value(called)
        if isinstance(function, _Function):
            values = [self.value(called.parts[0]), *values] if called.kind == 'method' else values
            names = dict(zip(function.parameters, values + [None] * len(function.parameters)))
            self.block(function.body, names)
            return UNKNOWN
        for value in values:
            if isinstance(value, _Function) and (name := self.reached(Node('do', 0, (value.body,)), set())):
                raise ConfigError(f'line {node.line}: {name} stands in a function that another one is given to call')
        return UNKNOWN


def _ar1_function(node: Node) -> str:
    """The name of a function of ``ar1``; ``''`` for other pieces of script."""
    if node.kind != 'index' or (node.parts[0].kind, node.parts[0].parts) != ('name', ('ar1',)):
        return ''
    key = node.parts[1]
    return key.parts[0] if key.kind == 'value' and isinstance(key.parts[0], str) else ''


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
    run = _Run(wanted, given)
    for statement in parse(text):
        if run.statement(statement):
            break
    return run.calls, run.names
