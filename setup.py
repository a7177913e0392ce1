"""The step of a build that pyproject.toml cannot describe; everything else about the package is there."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

here = Path(__file__).parent


class BuildWithMim(build_py):
    """Copy configurations and scripts into ``mmradar/.mim`` of the built package, where mim looks for them."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return  # they are in the repository
        target = Path(self.build_lib) / 'mmradar' / '.mim'
        shutil.rmtree(target, ignore_errors=True)
        for folder in ('configs', 'tools'):
            shutil.copytree(here / folder, target / folder, ignore=shutil.ignore_patterns('__pycache__'))
        shutil.copy(here / 'model-index.yml', target)


setup(cmdclass={'build_py': BuildWithMim})
