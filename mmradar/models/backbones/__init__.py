"""Encoders: heatmaps in, tokens out."""

from mmradar.models.backbones.cvmamba import CVMamba
from mmradar.models.backbones.hupr_encoder import HuPREncoder

__all__ = ['CVMamba', 'HuPREncoder']
