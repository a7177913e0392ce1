"""Modules between encoder and head: upsampling, and GLSMamba or a Transformer over the frames."""

from glsmamba.models.necks.clip_transformer import ClipTransformer
from glsmamba.models.necks.deconvolutions import Deconvolutions
from glsmamba.models.necks.glsmamba import GLSMamba

__all__ = ['ClipTransformer', 'Deconvolutions', 'GLSMamba']
