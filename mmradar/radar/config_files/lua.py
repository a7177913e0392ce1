"""Interpreter that determines which calls a Lua script of mmWave Studio makes, and with which values."""

from __future__ import annotations

import operator
from collections import ChainMap
from collections.abc import Callable, Collection, Mapping, MutableMapping
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
_MAX_STEPS = 20_000
_MAX_DEPTH = 60


@dataclass(frozen=True)
class Call:
    """Call ``ar1.name(...)``: its line, and the values and source text of its arguments."""

    line: int
    name: str
    values: tuple[Any, ...]
    written: tuple[str, ...]


@dataclass(eq=False)
class _Function:
    parameters: list[str]
    body: list[Node]
    names: ChainMap  # the scope of its definition, in which its body runs


@dataclass(frozen=True)
class _StudioValue:
    """Value that is ``ar1`` itself or, with a name, the function ``ar1.name``; a script may store it in a variable."""

    name: str = ''


_MISSING = object()


@dataclass
class _Run:
    """State of a running script, and the methods that run it."""

    wanted: Collection[str]
    given: Mapping[str, Any]
    names: ChainMap = field(default_factory=ChainMap)
    calls: list[Call] = field(default_factory=list)
    # container, name or key, and the value before
    changes: list[tuple[MutableMapping[Any, Any], Any, Any]] = field(default_factory=list)
    steps: int = 0
    depth: int = 0

    def block(
        self, statements: list[Node], names: Mapping[str, Any] | None = None, scope: ChainMap | None = None
    ) -> str:
        """Run statements in a new scope with ``names``, inside ``scope`` or else the current scope.

        Returns:
            ``'break'`` or ``'return'`` if one of these ended the block, else ``''``.
        """
        outside = self.names
        self.names = (outside if scope is None else scope).new_child(dict(names or {}))
        self.depth += 1
        if self.depth > _MAX_DEPTH:
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
        if self.steps > _MAX_STEPS:
            raise ConfigError(f'line {node.line}: runs too long to follow')

    def statement(self, node: Node) -> str:
        self.step(node)
        match node.kind:
            case 'assign':
                self.assign(*node.parts)
            case 'local function':  # its body sees its own name
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
                self.skip([node], node.line, 'a loop whose end the script does not determine')
            case 'goto':
                raise _goto(node)
            case 'return':
                for part in node.parts[0]:
                    self.value(part)
                return 'return'
            case 'break':
                return 'break'
        return ''

    def set(self, container: MutableMapping[Any, Any], key: Any, value: Any) -> None:
        """Set a name or a table's entry, and record the change so that a branch can be undone."""
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
        values += [UNKNOWN if sources else None] * (len(targets) - len(values))  # a call may return further values
        if local:
            self.names = self.names.new_child()  # a new scope: functions defined earlier do not see the new names
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
                self.clear(table)  # which entry changed is unknown

    def branch(self, node: Node) -> str:
        condition, then, other = node.parts
        if (truth := _truth(self.value(condition))) is not UNKNOWN:
            return self.block(then if truth else other)
        names = dict.fromkeys(part.parts[0] for part in parts_of(condition) if part.kind == 'name')
        reason = f'depends on {", ".join(names) or condition.text}, which the script does not determine'
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
                'before the branches'
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
            self.skip([node], node.line, 'a loop whose bounds the script does not determine')
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
        """Skip code that runs an unknown number of times; all that it and the functions it calls set becomes unknown.

        Args:
            part: The piece of script.
            line: Its line, for messages.
            what: What it is, for messages.

        Raises:
            ConfigError: It contains a wanted call, or a goto that leaves it.
        """
        pieces = [(part, self.names)]
        seen: set[int] = set()
        for piece, names in pieces:  # the loop appends functions that the pieces use
            nodes = list(parts_of(piece))
            labels = {node.parts for node in nodes if node.kind == 'label'}
            for node in nodes:
                if node.kind == 'goto' and node.parts not in labels:
                    raise _goto(node)
                if node.kind not in ('name', 'index', 'method'):
                    continue
                plain = not any(inner.kind == 'call' for inner in parts_of(node))
                value = self.value(node, names) if plain else UNKNOWN
                name = value.name if isinstance(value, _StudioValue) else _key(node)
                if name in self.wanted:
                    raise ConfigError(f'line {line}: {name} is used in {what}, which cannot be followed')
                if isinstance(value, _Function) and id(value) not in seen:
                    seen.add(id(value))
                    pieces.append((Node('function', 0, (value.parameters, value.body)), value.names))
        for piece, names in pieces:
            self.forget(piece, names)

    def forget(self, part: Any, names: ChainMap) -> None:
        """Make all names and entries unknown that a piece of script sets outside its own scopes."""
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
        """Return the value of a name or an entry; unknown if that would call or create a function."""
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
                parameters, body = node.parts
                return _Function(parameters, body, self.names)
            case 'table':
                return self.table(node)
            case 'index' | 'method':
                table, key = map(self.value, node.parts)
                if table == _StudioValue():
                    return _StudioValue(key) if isinstance(key, str) else UNKNOWN
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
            deciding = word == 'or'  # a side with this truth decides the result, whatever the other side is
            if (truth := _truth(left)) is deciding:
                return left
            right = self.value(right_node)
            return right if truth is not UNKNOWN else deciding if _truth(right) is deciding else UNKNOWN
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
        if isinstance(function, _StudioValue):
            name = function.name
            if name in self.wanted:
                written = tuple(argument.text for argument in arguments)
                self.calls.append(Call(node.line, name, tuple(values), written))
            # these functions return 0 on success, and a script that configured a radar has succeeded
            return UNKNOWN if name.startswith(('Get', 'Is', 'Read', 'Calling_')) else 0.0
        if isinstance(function, _Function):
            values = [self.value(called.parts[0]), *values] if called.kind == 'method' else values
            names = dict(zip(function.parameters, values + [None] * len(function.parameters)))
            self.block(function.body, names, function.names)
            return UNKNOWN
        if (name := _key(called)) in self.wanted:
            raise ConfigError(f'line {node.line}: {name} is called on an unknown value; call it as ar1.{name}')
        if called.kind == 'index' and called.parts[0].kind == 'name':
            table = self.value(called.parts[0])
            if isinstance(table, dict) and any(map(_is_function, table.values())):
                raise ConfigError(
                    f'line {node.line}: the script does not determine which function of a table is called'
                )
        if any(map(_is_function, values)):
            self.skip(arguments, node.line, 'a function that is passed to another one')
        for table in values:  # unknown functions such as table.insert may change tables
            if isinstance(table, dict):
                self.clear(table)
        return UNKNOWN


def _is_function(value: Any) -> bool:
    return isinstance(value, (_Function, _StudioValue))


def _goto(node: Node) -> ConfigError:
    return ConfigError(f'line {node.line}: goto {node.parts[0]} is not followed; write it with if, or leave it out')


def _key(node: Node) -> str:
    """Return ``name`` if the node is ``table.name`` or ``table:name``, else ``''``."""
    key = node.parts[1] if node.kind in ('index', 'method') else None
    return key.parts[0] if key and key.kind == 'value' and isinstance(key.parts[0], str) else ''


def _truth(value: Any) -> Any:
    return UNKNOWN if value is UNKNOWN else not (value is None or value is False)


def run_script(text: str, wanted: Collection[str], given: Mapping[str, Any]) -> tuple[list[Call], Mapping[str, Any]]:
    """Return the calls ``ar1.name(...)`` that a script makes, in order.

    Names are looked up, arithmetic is evaluated, and branches, counting loops and functions are followed. If a branch
    depends on a value that the script does not determine, both sides must make the same calls. Every ``ar1`` function
    is assumed to succeed.

    Args:
        text: The script, or an excerpt that leaves blocks open.
        wanted: Names of the functions whose calls are returned.
        given: Values of names; the script's own assignments to these names are ignored.

    Returns:
        The calls, and the values of the script's own names at its end.

    Raises:
        ConfigError: The text is not Lua, its branches disagree, or a wanted call is in code that cannot be followed.
    """
    given = {**given, 'ar1': _StudioValue()}
    run = _Run(wanted, given, ChainMap(dict(given)))
    for statement in parse(text):
        if run.statement(statement):
            break
    return run.calls, run.names
