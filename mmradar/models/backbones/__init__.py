"""Encoders: heatmaps in, features out."""

from mmradar.models.backbones.cvmamba import CVMamba
from mmradar.models.backbones.forked_cnn import ForkedCNN
from mmradar.models.backbones.hupr_encoder import HuPREncoder
from mmradar.models.backbones.transhupr_encoder import TransHuPREncoder

__all__ = ['CVMamba', 'ForkedCNN', 'HuPREncoder', 'TransHuPREncoder']
