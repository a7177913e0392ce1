"""Encoders of single frames."""

from glsmamba.models.backbones.small_vit import SmallViT

__all__ = ['SmallViT']
