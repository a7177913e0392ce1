"""Griffe extension: the Sphinx roles of docstrings become links of mkdocstrings."""

from __future__ import annotations

import re
from typing import Any

from griffe import Extension, Object

ROLE = re.compile(r':(?:py:)?(?:func|class|meth|mod|attr|data|exc):`(~?)([^`]+)`')


class SphinxRoles(Extension):
    """Rewrite ``:func:`~a.b``` as a link with the text ``b``, if a page documents ``a.b``, and else as plain code."""

    def on_instance(self, *, obj: Object, **kwargs: Any) -> None:
        if obj.docstring:
            obj.docstring.value = ROLE.sub(self._link, obj.docstring.value)

    @staticmethod
    def _link(role: re.Match) -> str:
        tilde, target = role.groups()
        text = target.rpartition('.')[2] if tilde else target
        if not target.startswith('mmradar.'):
            return f'`{text}`'
        return f'<autoref optional identifier="{target}"><code>{text}</code></autoref>'
