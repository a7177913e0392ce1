"""HumMUSS, Human Motion Understanding using State Space Models (arXiv 2404.10880): registers its classes."""

import mmradar  # noqa: F401  (its stand-ins, before anything of mmpose)
from hummuss import datasets, evaluation, models, visualization

__all__ = ['datasets', 'evaluation', 'models', 'visualization']
