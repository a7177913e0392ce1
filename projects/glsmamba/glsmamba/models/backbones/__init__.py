"""Encoders of single frames of video, and the layers of one of windows of radar heatmaps."""

from glsmamba.models.backbones.glsmamba_mixer import GLSMambaMixer
from glsmamba.models.backbones.plain_vit import PlainViT

__all__ = ['GLSMambaMixer', 'PlainViT']
