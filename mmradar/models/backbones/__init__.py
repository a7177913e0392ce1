"""Encoders: heatmaps in, tokens out."""

from mmradar.models.backbones.cvmamba import CVMamba

__all__ = ['CVMamba']
