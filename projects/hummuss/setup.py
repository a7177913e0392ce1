"""The step of a build that pyproject.toml cannot describe; everything else about the package is there."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

here = Path(__file__).parent


class BuildWithConfigurations(build_py):
    """Copy the configurations into ``hummuss/.mim`` of the built package, where mmradar looks for them."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return  # they are in the repository
        target = Path(self.build_lib) / 'hummuss' / '.mim' / 'configs'
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(here / 'configs', target, ignore=shutil.ignore_patterns('__pycache__'))
        for path in target.rglob('*.py'):
            # bases of mmradar are in the folder of the repository; next to an installed package, in that of mmradar
            path.write_text(path.read_text().replace('../../configs/', '../../mmradar/.mim/configs/'))


setup(cmdclass={'build_py': BuildWithConfigurations})
