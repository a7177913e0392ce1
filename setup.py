"""Installation. ``mmpose`` itself goes in with ``pip install --no-deps mmpose==1.3.2``: see README.md."""

import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

here = Path(__file__).parent
version: dict[str, str] = {}
exec((here / 'mmradar' / 'version.py').read_text(), version)


class BuildWithMim(build_py):
    """Copies configurations and scripts into ``mmradar/.mim`` of the built package, where mim looks for them."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return  # they are in the repository
        target = Path(self.build_lib) / 'mmradar' / '.mim'
        shutil.rmtree(target, ignore_errors=True)
        for folder in ('configs', 'tools'):
            shutil.copytree(here / folder, target / folder, ignore=shutil.ignore_patterns('__pycache__'))
        shutil.copy(here / 'model-index.yml', target)


setup(
    name='mmradar',
    version=version['__version__'],
    description='Human pose estimation from raw millimetre-wave radar, in the OpenMMLab family',
    long_description=(here / 'README.md').read_text() if (here / 'README.md').is_file() else '',
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    keywords='radar, FMCW, millimetre wave, human pose estimation, Mamba, mmpose',
    packages=find_packages(include=['mmradar', 'mmradar.*']),
    package_data={'mmradar': ['ops/native/*.[ch]', 'simulation/*.json', 'weights/*.pth', 'live/*.html']},
    entry_points={'console_scripts': ['mmradar = mmradar.commands:main']},
    cmdclass={'build_py': BuildWithMim},
    python_requires='>=3.10',
    # Ranges that were tried; requirements/runtime.txt pins one set of them. mmpose is left out on purpose: its own
    # requirements name chumpy, which no longer builds and which nothing imports.
    install_requires=[
        'torch>=2.5',
        'mmengine>=0.10.7,<1',
        'mmcv-lite>=2.2,<3',
        'numpy>=1.26',
        'scipy>=1.11',
        'matplotlib>=3.8',
        'opencv-python>=4.9',
        'pycocotools>=2.0.8',
        'jaxtyping>=0.2.30',
        # what mmpose imports
        'json-tricks',
        'munkres',
        'six',
        # mmengine 0.10 imports pkg_resources, which setuptools 81 dropped
        'setuptools<81',
    ],
    extras_require={
        # mmradar live that configures and starts its boards
        'boards': ['xwr>=0.5.1,<0.6'],
        # CUDA machines only: both compile against the local toolkit
        'cuda': ['mamba-ssm', 'causal-conv1d'],
        'dev': ['pytest>=8', 'pytest-xdist>=3', 'hypothesis>=6', 'ruff==0.17.5'],
        # cubes in HDF5 and MATLAB 7.3 files, motions in BVH files
        'files': ['h5py>=3.9', 'pybvh>=0.9'],
        # the page of mmradar live
        'live': ['aiohttp>=3.9'],
        # mmradar export
        'onnx': ['onnx>=1.16', 'onnxscript>=0.5', 'onnxruntime>=1.18'],
        # H.264 in videos, which browsers play
        'video': ['imageio-ffmpeg>=0.5'],
        # the GPU kernels' tests, without a GPU
        'triton': ['triton>=3.2'],
    },
    classifiers=[
        'Development Status :: 3 - Alpha',
        'Intended Audience :: Science/Research',
        'License :: OSI Approved :: Apache Software License',
        'Programming Language :: Python :: 3.10',
        'Programming Language :: Python :: 3.11',
        'Programming Language :: Python :: 3.12',
    ],
    zip_safe=False,
)
