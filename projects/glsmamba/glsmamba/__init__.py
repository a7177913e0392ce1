"""GLSMamba: global-local state-space models for poses in video (arXiv 2510.11017). Registers its classes on import."""

import mmradar  # noqa: F401  (installs its stand-ins before any import of mmpose)
from glsmamba import datasets, evaluation, models, visualization

__all__ = ['datasets', 'evaluation', 'models', 'visualization']
