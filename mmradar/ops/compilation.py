"""What ``torch.compile`` has to know of our functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

_Function = TypeVar('_Function', bound=Callable)


def assume_constant(function: _Function) -> _Function:
    """Mark a question about the machine: the compiler takes its answer and does not look inside.

    ``torch.compiler.assume_constant_result`` does the same and imports the whole compiler for it, a second and a half.
    """
    function._dynamo_marked_constant = True
    return function
