"""GLSMamba, global-local state-space models for poses in video (arXiv 2510.11017): registers its classes."""

from glsmamba import datasets, evaluation, models

__all__ = ['datasets', 'evaluation', 'models']
