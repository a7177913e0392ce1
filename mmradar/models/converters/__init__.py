"""Converters of weights from other projects to models of this package, and back."""

from mmradar.models.converters.hupr import hupr_to_mmradar, mmradar_to_hupr
from mmradar.models.converters.mamba import mamba_to_mmradar, mmradar_to_mamba, vision_mamba_arguments
from mmradar.models.converters.names import state_dict_of

__all__ = [
    'hupr_to_mmradar',
    'mamba_to_mmradar',
    'mmradar_to_hupr',
    'mmradar_to_mamba',
    'state_dict_of',
    'vision_mamba_arguments',
]
