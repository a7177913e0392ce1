"""The Lua of mmWave Studio's scripts, as far as it must be followed to know which calls a script makes."""

from __future__ import annotations

import copy
import enum
import operator
import re
from collections import ChainMap
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mmradar.errors import ConfigError

_TOKEN = re.compile(
    r"""(?P<skip>\s+|--\[(?P<level>=*)\[.*?(?:\](?P=level)\]|\Z)|--[^\n]*)
    |(?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|\[(?P<long>=*)\[.*?\](?P=long)\])
    |(?P<number>0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    |(?P<name>[A-Za-z_]\w*)
    |(?P<symbol>\.{2,3}|[=~<>]=|//|<<|>>|::|[-+*/%^#&~|<>=(){}\[\];:,.])""",
    re.VERBOSE | re.DOTALL,
)
_BINDING = {'or': 1, 'and': 2, '..': 5, '+': 6, '-': 6, '*': 7, '/': 7, '//': 7, '%': 7, '^': 9}
_BINDING |= dict.fromkeys(('<', '>', '<=', '>=', '~=', '==', '|', '~', '&', '<<', '>>'), 3)
_UNARY_BINDING = 8
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
_BLOCK_ENDS = ('end', 'else', 'elseif', 'until')


class _Unknown(enum.Enum):
    UNKNOWN = enum.auto()


UNKNOWN = _Unknown.UNKNOWN  # a value that the script does not give


@dataclass(frozen=True)
class Call:
    """A call ``ar1.name(...)``: its line, the values of its arguments, and how they are written."""

    line: int
    name: str
    values: tuple[Any, ...]
    written: tuple[str, ...]


@dataclass(frozen=True)
class _Node:
    """A piece of the script: what it is, the line it begins in, and its parts."""

    kind: str
    line: int
    parts: tuple[Any, ...] = ()
    text: str = ''


@dataclass
class _Function:
    parameters: list[str]
    body: list[_Node]

    def __deepcopy__(self, memo: dict) -> _Function:
        return self


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[tuple[str, str, int, int]] = []  # kind, text, line, where it begins
        self.at = 0
        position, line = 0, 1
        while position < len(text):
            match = _TOKEN.match(text, position)
            if not match:
                raise ConfigError(f'line {line}: cannot be read as Lua from {text[position : position + 20]!r} on')
            kind = next(kind for kind in ('skip', 'string', 'number', 'name', 'symbol') if match[kind] is not None)
            if kind != 'skip':
                self.tokens.append((kind, match[0], line, position))
            line += match[0].count('\n')
            position = match.end()
        self.tokens.append(('end of file', '', line, position))

    @property
    def kind(self) -> str:
        return self.tokens[self.at][0]

    @property
    def word(self) -> str:
        return self.tokens[self.at][1] if self.kind in ('name', 'symbol') else ''

    @property
    def line(self) -> int:
        return self.tokens[self.at][2]

    def fail(self, expected: str) -> ConfigError:
        found = self.tokens[self.at][1] or 'the end of the file'
        return ConfigError(f'line {self.line}: cannot be read as Lua: {expected} expected, {found!r} found')

    def take(self, *words: str) -> str:
        """The next word if it is one of these, else ``''``."""
        if self.kind != 'end of file' and self.word in words:
            self.at += 1
            return self.tokens[self.at - 1][1]
        return ''

    def need(self, word: str) -> None:
        if not self.take(word):
            raise self.fail(repr(word))

    def name(self) -> str:
        if self.kind != 'name':
            raise self.fail('a name')
        self.at += 1
        return self.tokens[self.at - 1][1]

    def block(self) -> list[_Node]:
        statements = []
        while self.kind != 'end of file' and self.word not in _BLOCK_ENDS:
            statements.append(self.statement())
        return statements

    def close(self) -> None:
        # an excerpt of a script may leave blocks open
        if self.kind != 'end of file':
            self.need('end')

    def statement(self) -> _Node:
        line = self.line
        if self.take(';', 'break', 'goto'):
            word = self.tokens[self.at - 1][1]
            return _Node('break', line) if word == 'break' else _Node('label', line, (word == 'goto' and self.name(),))
        if self.take('::'):
            self.name()
            self.need('::')
            return _Node('label', line)
        if self.take('if'):
            return self.branches(line)
        if self.take('while'):
            condition = self.expression()
            self.need('do')
            return self.closed('loop', line, condition)
        if self.take('repeat'):
            body = self.block()
            if self.kind != 'end of file':
                self.need('until')
                return _Node('loop', line, (self.expression(), body))
            return _Node('loop', line, (None, body))
        if self.take('for'):
            return self.for_loop(line)
        if self.take('do'):
            return self.closed('do', line)
        if self.take('return'):
            ends = self.kind == 'end of file' or self.word in (*_BLOCK_ENDS, ';')
            return _Node('return', line, (() if ends else tuple(self.expressions()),))
        if self.take('function'):
            target, first = _Node('name', line, (self.name(),)), []
            while separator := self.take('.', ':'):
                target = _Node('index', line, (target, _Node('value', line, (self.name(),))))
                first = ['self'] if separator == ':' else []
            return _Node('assign', line, ([target], [self.function(line, first)], False))
        if self.take('local'):
            if self.take('function'):
                target = _Node('name', line, (self.name(),))
                return _Node('assign', line, ([target], [self.function(line)], True))
            targets = [self.local_name()]
            while self.take(','):
                targets.append(self.local_name())
            return _Node('assign', line, (targets, self.expressions() if self.take('=') else [], True))
        targets = [self.suffixed()]
        while self.take(','):
            targets.append(self.suffixed())
        if self.take('='):
            return _Node('assign', line, (targets, self.expressions(), False))
        if len(targets) > 1 or targets[0].kind != 'call':
            raise self.fail("'='")
        return targets[0]

    def local_name(self) -> _Node:
        node = _Node('name', self.line, (self.name(),))
        if self.take('<'):
            self.name()
            self.need('>')
        return node

    def closed(self, kind: str, line: int, *parts: Any) -> _Node:
        body = self.block()
        self.close()
        return _Node(kind, line, (*parts, body))

    def branches(self, line: int) -> _Node:
        condition = self.expression()
        self.need('then')
        then = self.block()
        if self.word == 'elseif':
            other_line = self.line
            self.need('elseif')
            return _Node('if', line, (condition, then, [self.branches(other_line)]))
        other = self.block() if self.take('else') else []
        self.close()
        return _Node('if', line, (condition, then, other))

    def for_loop(self, line: int) -> _Node:
        names = [self.name()]
        while self.take(','):
            names.append(self.name())
        if not self.take('in'):
            self.need('=')
            bounds = self.expressions()
            self.need('do')
            return self.closed('for', line, names[0], bounds)
        values = self.expressions()
        self.need('do')
        return self.closed('loop', line, _Node('list', line, tuple(values)))

    def function(self, line: int, parameters: Sequence[str] = ()) -> _Node:
        self.need('(')
        parameters = list(parameters)
        while not self.take(')'):
            parameters.append(self.take('...') or self.name())
            self.take(',')
        return self.closed('function', line, parameters)

    def expressions(self) -> list[_Node]:
        found = [self.expression()]
        while self.take(','):
            found.append(self.expression())
        return found

    def expression(self, least: int = 0) -> _Node:
        start, line = self.at, self.line
        if word := self.take('not', '-', '#', '~'):
            left = _Node('unary', line, (word, self.expression(_UNARY_BINDING)))
        else:
            left = self.operand()
        while (binding := _BINDING.get(self.word, 0)) > least:
            word = self.take(self.word)
            # '^' and '..' bind to the right
            left = _Node('binary', line, (word, left, self.expression(binding - (word in ('^', '..')))))
        _, last, _, begins = self.tokens[self.at - 1]
        return _Node(left.kind, left.line, left.parts, self.text[self.tokens[start][3] : begins + len(last)])

    def operand(self) -> _Node:
        kind, word, line, _ = self.tokens[self.at]
        if kind == 'number':
            self.at += 1
            return _Node('value', line, (float(int(word, 16)) if word[:2] in ('0x', '0X') else float(word),))
        if kind == 'string' or word in ('nil', 'true', 'false', '...'):
            self.at += 1
            named = {'nil': None, 'true': True, 'false': False, '...': UNKNOWN}
            return _Node('value', line, (_unquoted(word) if kind == 'string' else named[word],))
        if self.take('function'):
            return self.function(line)
        return self.table(line) if self.word == '{' else self.suffixed()

    def table(self, line: int) -> _Node:
        self.need('{')
        entries: list[tuple[_Node | None, _Node]] = []
        while not self.take('}'):
            if self.take('['):
                key = self.expression()
                self.need(']')
                self.need('=')
            elif self.kind == 'name' and self.tokens[self.at + 1][1] == '=':
                key = _Node('value', line, (self.name(),))
                self.need('=')
            else:
                key = None
            entries.append((key, self.expression()))
            if not self.take(',', ';') and self.word != '}':
                raise self.fail("'}'")
        return _Node('table', line, tuple(entries))

    def suffixed(self) -> _Node:
        line = self.line
        if self.take('('):
            node = self.expression()
            self.need(')')
        else:
            node = _Node('name', line, (self.name(),))
        while True:
            if self.take('.'):
                node = _Node('index', line, (node, _Node('value', line, (self.name(),))))
            elif self.take('['):
                node = _Node('index', line, (node, self.expression()))
                self.need(']')
            elif self.take(':'):
                method = _Node('method', line, (node, _Node('value', line, (self.name(),))))
                node = _Node('call', line, (method, self.arguments()))
            elif self.word in ('(', '{') or self.kind == 'string':
                node = _Node('call', line, (node, self.arguments()))
            else:
                return node

    def arguments(self) -> list[_Node]:
        if not self.take('('):
            return [self.operand()]
        if self.take(')'):
            return []
        found = self.expressions()
        self.need(')')
        return found


def _unquoted(string: str) -> str:
    return string[1:-1] if string[0] in '"\'' else string.strip('[]=')


@dataclass
class _Run:
    """What a script has done so far."""

    wanted: Collection[str]
    given: Mapping[str, Any]
    names: ChainMap = field(default_factory=ChainMap)
    calls: list[Call] = field(default_factory=list)
    steps: int = 0
    depth: int = 0

    def block(self, statements: list[_Node], names: Mapping[str, Any] | None = None) -> str:
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

    def step(self, node: _Node) -> None:
        self.steps += 1
        if self.steps > _MOST_STEPS:
            raise ConfigError(f'line {node.line}: runs too long to follow')

    def statement(self, node: _Node) -> str:
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

    def assign(self, targets: list[_Node], sources: list[_Node], local: bool) -> None:
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

    def branch(self, node: _Node) -> str:
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
            names = dict.fromkeys(part.parts[0] for part in _parts(condition) if part.kind == 'name')
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

    def count(self, node: _Node) -> str:
        name, bounds, body = node.parts
        values = [self.value(bound) for bound in bounds] + [1.0]
        number, last, step = values[:3]
        if not all(isinstance(value, float) for value in values[:3]) or not step:
            self.skip(_Node('loop', node.line, (None, body)), 'a loop whose bounds the script does not give')
            return ''
        while (number <= last) if step > 0 else (number >= last):
            self.step(node)
            if (ended := self.block(body, {name: number})) == 'return':
                return ended
            if ended:
                break
            number += step
        return ''

    def skip(self, node: _Node, what: str) -> None:
        """Leave out what runs an unknown number of times; all that it sets is unknown then."""
        if called := self.reached(node, set()):
            raise ConfigError(f'line {node.line}: {called} stands in {what}; it cannot be followed')
        for part in _parts(node):
            if part.kind == 'assign':
                unknown = [_Node('value', part.line, (UNKNOWN,))] * len(part.parts[0])
                self.assign(part.parts[0], unknown, False)

    def reached(self, node: _Node, seen: set[str]) -> str:
        """The first wanted call in a piece of script or in the functions that it calls."""
        for part in _parts(node):
            if (name := _ar1_function(part)) in self.wanted:
                return name
            if part.kind == 'name' and part.parts[0] not in seen:
                seen.add(part.parts[0])
                function = self.names.get(part.parts[0])
                if isinstance(function, _Function) and (called := self.reached(_Node('do', 0, (function.body,)), seen)):
                    return called
        return ''

    def value(self, node: _Node) -> Any:
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

    def table(self, node: _Node) -> dict[Any, Any]:
        table: dict[Any, Any] = {}
        position = 1.0
        for key, entry in node.parts:
            name = self.value(key) if key else position
            position += key is None
            if isinstance(name, (str, float)):
                table[name] = self.value(entry)
        return table

    def binary(self, word: str, left_node: _Node, right_node: _Node) -> Any:
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

    def call(self, node: _Node) -> Any:
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
            if isinstance(value, _Function) and (name := self.reached(_Node('do', 0, (value.body,)), set())):
                raise ConfigError(f'line {node.line}: {name} stands in a function that another one is given to call')
        return UNKNOWN


def _ar1_function(node: _Node) -> str:
    """The name of a function of ``ar1``; ``''`` for other pieces of script."""
    if node.kind != 'index' or (node.parts[0].kind, node.parts[0].parts) != ('name', ('ar1',)):
        return ''
    key = node.parts[1]
    return key.parts[0] if key.kind == 'value' and isinstance(key.parts[0], str) else ''


def _truth(value: Any) -> Any:
    return UNKNOWN if value is UNKNOWN else not (value is None or value is False)


def _parts(node: Any) -> Iterator[_Node]:
    """A piece of script and all that it is made of."""
    if isinstance(node, _Node):
        yield node
        node = node.parts
    if isinstance(node, (tuple, list)):
        for part in node:
            yield from _parts(part)


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
    parser = _Parser(text)
    statements = parser.block()
    if parser.kind != 'end of file':
        raise parser.fail('a statement')
    run = _Run(wanted, given)
    for statement in statements:
        if run.statement(statement):
            break
    return run.calls, run.names
