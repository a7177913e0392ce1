"""Encoders: of single frames of video, and of windows of radar heatmaps."""

from glsmamba.models.backbones.glsmamba_encoder import GLSMambaEncoder
from glsmamba.models.backbones.plain_vit import PlainViT

__all__ = ['GLSMambaEncoder', 'PlainViT']
