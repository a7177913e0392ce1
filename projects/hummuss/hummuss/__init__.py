"""HumMUSS, Human Motion Understanding using State Space Models (arXiv 2404.10880).

Importing this package registers its classes.
"""

import mmradar  # noqa: F401  (its stand-ins must load before mmpose)
from hummuss import body_models, datasets, evaluation, models, visualization

__all__ = ['body_models', 'datasets', 'evaluation', 'models', 'visualization']
