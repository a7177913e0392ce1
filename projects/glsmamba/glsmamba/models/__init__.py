"""Encoders, layers and estimator of GLSMamba. Importing the package registers them in mmradar's registries."""

from glsmamba.models.backbones import GLSMambaMixer, PlainViT
from glsmamba.models.data_preprocessors import VideoPoseDataPreprocessor
from glsmamba.models.layers import GSMBlock, LRMBlock
from glsmamba.models.necks import ClipTransformer, Deconvolutions, GLSMamba
from glsmamba.models.pose_estimators import VideoTopdownPoseEstimator

__all__ = [
    'ClipTransformer',
    'Deconvolutions',
    'GLSMamba',
    'GLSMambaMixer',
    'GSMBlock',
    'LRMBlock',
    'PlainViT',
    'VideoPoseDataPreprocessor',
    'VideoTopdownPoseEstimator',
]
