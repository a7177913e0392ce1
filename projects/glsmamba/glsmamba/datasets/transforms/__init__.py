"""Transforms of clips.

mmpose's own ``GetBBoxCenterScale``, ``RandomFlip``, ``RandomHalfBody``, ``RandomBBoxTransform`` and ``TopdownAffine``
take a list of images in ``img`` and give all of them one flip and one affine map, so that a clip needs no others: only
its loading and its packing are here.
"""

from glsmamba.datasets.transforms.load_clip import LoadClip
from glsmamba.datasets.transforms.pack_clip_inputs import PackClipInputs

__all__ = ['LoadClip', 'PackClipInputs']
