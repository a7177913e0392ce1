"""GLSMamba, global-local state-space models for poses in video (arXiv 2510.11017): registers its classes."""

import mmradar  # noqa: F401  (its stand-ins, before anything of mmpose)
from glsmamba import datasets, evaluation, models, visualization

__all__ = ['datasets', 'evaluation', 'models', 'visualization']
