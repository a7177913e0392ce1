"""Transforms of clips.

mmpose's own ``GetBBoxCenterScale``, ``RandomFlip``, ``RandomHalfBody``, ``RandomBBoxTransform`` and ``TopdownAffine``
take a list of images in ``img`` and apply the same flip and affine map to all of them. Only the loading and the packing
of clips need transforms here.
"""

from glsmamba.datasets.transforms.load_clip import LoadClip
from glsmamba.datasets.transforms.pack_clip_inputs import PackClipInputs

__all__ = ['LoadClip', 'PackClipInputs']
