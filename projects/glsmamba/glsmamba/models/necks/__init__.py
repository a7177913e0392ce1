"""Modules between encoder and head: upsampling, and GLSMamba over the frames."""

from glsmamba.models.necks.deconvolutions import Deconvolutions
from glsmamba.models.necks.glsmamba import GLSMamba

__all__ = ['Deconvolutions', 'GLSMamba']
