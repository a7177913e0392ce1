"""Run-time checks of annotations: types, and the shapes that jaxtyping's strings name.

``CHECK_SHAPES=1 pytest`` imports the package with every annotated function checked by beartype; ``make test`` does so.
"""

from __future__ import annotations

from pathlib import Path

from beartype import BeartypeConf, beartype
from jaxtyping import install_import_hook

# an int is accepted as a float, as PEP 484 has it
check = beartype(conf=BeartypeConf(is_pep484_tower=True))

# mmengine reads the signatures of visualizers, and torch.library those of operators, where a wrapper hides them.
UNCHECKED_PACKAGES = ('visualization', 'weights')
READ_SIGNATURES = ('torch.library', 'import triton')


def install(package: Path) -> None:
    """Check whatever is imported of the package from here on.

    Args:
        package: Folder of ``mmradar``.
    """
    names = []
    for path in sorted(package.rglob('*.py')):
        parts = path.relative_to(package.parent).with_suffix('').parts
        if parts[1] in UNCHECKED_PACKAGES or any(word in path.read_text() for word in READ_SIGNATURES):
            continue
        names.append('.'.join(parts[:-1] if parts[-1] == '__init__' else parts))
    # a name stands for all modules below it, so packages that hold an unchecked module are left out
    modules = [name for name in names if not (package.parent / name.replace('.', '/')).is_dir()]
    install_import_hook(modules, 'shape_checks.check')
