"""Encoder of single video frames, and a mixer for milliMamba's encoder of radar heatmaps."""

from glsmamba.models.backbones.glsmamba_mixer import GLSMambaMixer
from glsmamba.models.backbones.plain_vit import PlainViT

__all__ = ['GLSMambaMixer', 'PlainViT']
