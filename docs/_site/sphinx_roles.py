"""Griffe extension: the Sphinx roles of docstrings become links of mkdocstrings."""

from __future__ import annotations

import re
from typing import Any

from griffe import Extension, Object

ROLE = re.compile(r':(?:py:)?(?:func|class|meth|mod|attr|data|exc):`(~?)([^`]+)`')


class SphinxRoles(Extension):
    """Rewrite ``:func:`~a.b``` as a link with the text ``b``; names without a module stay plain code."""

    def on_instance(self, *, obj: Object, **kwargs: Any) -> None:
        if obj.docstring:
            obj.docstring.value = ROLE.sub(self._link, obj.docstring.value)

    @staticmethod
    def _link(role: re.Match) -> str:
        tilde, target = role.groups()
        text = target.rpartition('.')[2] if tilde else target
        return f'[`{text}`][{target}]' if target.startswith('mmradar.') else f'`{text}`'
