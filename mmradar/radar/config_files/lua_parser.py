"""Parser for the part of Lua that scripts of mmWave Studio use, to a tree of statements and expressions."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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
# precedence of operators, as in Lua's manual
_BINDING = {'or': 1, 'and': 2, '..': 5, '+': 6, '-': 6, '*': 7, '/': 7, '//': 7, '%': 7, '^': 9}
_BINDING |= dict.fromkeys(('<', '>', '<=', '>=', '~=', '==', '|', '~', '&', '<<', '>>'), 3)
_UNARY_BINDING = 8
_BLOCK_ENDS = ('end', 'else', 'elseif', 'until')


class _Unknown(enum.Enum):
    UNKNOWN = enum.auto()


UNKNOWN = _Unknown.UNKNOWN  # a value that the script does not determine


@dataclass(frozen=True)
class Node:
    """Node of the syntax tree: kind, line in which it begins, parts, and source text of an expression."""

    kind: str
    line: int
    parts: tuple[Any, ...] = ()
    text: str = ''


def parts_of(node: Any) -> Iterator[Node]:
    """Yield all nodes in a node, tuple or list, depth first, each before its parts."""
    if isinstance(node, Node):
        yield node
        node = node.parts
    if isinstance(node, (tuple, list)):
        for part in node:
            yield from parts_of(part)


def parse(text: str) -> list[Node]:
    """Parse a script, or an excerpt that leaves blocks open, to its statements.

    Raises:
        ConfigError: The text is not Lua (with the line).
    """
    parser = _Parser(text)
    statements = parser.block()
    if parser.kind != 'end of file':
        raise parser.fail('a statement')
    return statements


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[tuple[str, str, int, int]] = []  # kind, text, line, offset
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
        """Consume and return the next word if it is one of ``words``, else return ``''``."""
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

    def block(self) -> list[Node]:
        statements = []
        while self.kind != 'end of file' and self.word not in _BLOCK_ENDS:
            statements.append(self.statement())
        return statements

    def close(self) -> None:
        # an excerpt of a script may leave blocks open
        if self.kind != 'end of file':
            self.need('end')

    def statement(self) -> Node:
        line = self.line
        if word := self.take(';', 'break', 'goto'):
            return Node('break' if word == 'break' else 'goto' if word == 'goto' else 'label', line, self.jump(word))
        if self.take('::'):
            label = self.name()
            self.need('::')
            return Node('label', line, (label,))
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
                return Node('loop', line, (self.expression(), body))
            return Node('loop', line, (None, body))
        if self.take('for'):
            return self.for_loop(line)
        if self.take('do'):
            return self.closed('do', line)
        if self.take('return'):
            ends = self.kind == 'end of file' or self.word in (*_BLOCK_ENDS, ';')
            return Node('return', line, (() if ends else tuple(self.expressions()),))
        if self.take('function'):
            target, first = Node('name', line, (self.name(),)), []
            while separator := self.take('.', ':'):
                target = Node('index', line, (target, Node('value', line, (self.name(),))))
                first = ['self'] if separator == ':' else []
            return Node('assign', line, ([target], [self.function(line, first)], False))
        if self.take('local'):
            if self.take('function'):
                target = Node('name', line, (self.name(),))
                return Node('local function', line, ([target], [self.function(line)], True))
            targets = [self.local_name()]
            while self.take(','):
                targets.append(self.local_name())
            return Node('assign', line, (targets, self.expressions() if self.take('=') else [], True))
        targets = [self.suffixed()]
        while self.take(','):
            targets.append(self.suffixed())
        if self.take('='):
            return Node('assign', line, (targets, self.expressions(), False))
        if len(targets) > 1 or targets[0].kind != 'call':
            raise self.fail("'='")
        return targets[0]

    def jump(self, word: str) -> tuple[str, ...]:
        return (self.name(),) if word == 'goto' else ()

    def local_name(self) -> Node:
        node = Node('name', self.line, (self.name(),))
        if self.take('<'):
            self.name()
            self.need('>')
        return node

    def closed(self, kind: str, line: int, *parts: Any) -> Node:
        body = self.block()
        self.close()
        return Node(kind, line, (*parts, body))

    def branches(self, line: int) -> Node:
        condition = self.expression()
        self.need('then')
        then = self.block()
        if self.word == 'elseif':
            other_line = self.line
            self.need('elseif')
            return Node('if', line, (condition, then, [self.branches(other_line)]))
        other = self.block() if self.take('else') else []
        self.close()
        return Node('if', line, (condition, then, other))

    def for_loop(self, line: int) -> Node:
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
        return self.closed('loop', line, Node('list', line, tuple(values)))

    def function(self, line: int, parameters: Sequence[str] = ()) -> Node:
        self.need('(')
        parameters = list(parameters)
        while not self.take(')'):
            parameters.append(self.take('...') or self.name())
            self.take(',')
        return self.closed('function', line, parameters)

    def expressions(self) -> list[Node]:
        found = [self.expression()]
        while self.take(','):
            found.append(self.expression())
        return found

    def expression(self, least: int = 0) -> Node:
        start, line = self.at, self.line
        if word := self.take('not', '-', '#', '~'):
            left = Node('unary', line, (word, self.expression(_UNARY_BINDING)))
        else:
            left = self.operand()
        while (binding := _BINDING.get(self.word, 0)) > least:
            word = self.take(self.word)
            # '^' and '..' bind to the right
            left = Node('binary', line, (word, left, self.expression(binding - (word in ('^', '..')))))
        _, last, _, begins = self.tokens[self.at - 1]
        return Node(left.kind, left.line, left.parts, self.text[self.tokens[start][3] : begins + len(last)])

    def operand(self) -> Node:
        kind, word, line, _ = self.tokens[self.at]
        if kind == 'number':
            self.at += 1
            return Node('value', line, (float(int(word, 16)) if word[:2] in ('0x', '0X') else float(word),))
        if kind == 'string' or word in ('nil', 'true', 'false', '...'):
            self.at += 1
            named = {'nil': None, 'true': True, 'false': False, '...': UNKNOWN}
            return Node('value', line, (_unquoted(word) if kind == 'string' else named[word],))
        if self.take('function'):
            return self.function(line)
        return self.table(line) if self.word == '{' else self.suffixed()

    def table(self, line: int) -> Node:
        self.need('{')
        entries: list[tuple[Node | None, Node]] = []
        while not self.take('}'):
            if self.take('['):
                key = self.expression()
                self.need(']')
                self.need('=')
            elif self.kind == 'name' and self.tokens[self.at + 1][1] == '=':
                key = Node('value', line, (self.name(),))
                self.need('=')
            else:
                key = None
            entries.append((key, self.expression()))
            if not self.take(',', ';') and self.word != '}':
                raise self.fail("'}'")
        return Node('table', line, tuple(entries))

    def suffixed(self) -> Node:
        line = self.line
        if self.take('('):
            node = self.expression()
            self.need(')')
        else:
            node = Node('name', line, (self.name(),))
        while True:
            if self.take('.'):
                node = Node('index', line, (node, Node('value', line, (self.name(),))))
            elif self.take('['):
                node = Node('index', line, (node, self.expression()))
                self.need(']')
            elif self.take(':'):
                method = Node('method', line, (node, Node('value', line, (self.name(),))))
                node = Node('call', line, (method, self.arguments()))
            elif self.word in ('(', '{') or self.kind == 'string':
                node = Node('call', line, (node, self.arguments()))
            else:
                return node

    def arguments(self) -> list[Node]:
        if not self.take('('):
            return [self.operand()]
        if self.take(')'):
            return []
        found = self.expressions()
        self.need(')')
        return found


def _unquoted(string: str) -> str:
    return string[1:-1] if string[0] in '"\'' else string.strip('[]=')
