"""Codecs between labels and the outputs of a network: encode and decode, on batches of tensors."""

from mmradar.codecs.base import KeypointCodec
from mmradar.codecs.classification_codec import ClassificationCodec
from mmradar.codecs.coordinate_codec import CoordinateCodec
from mmradar.codecs.heatmap_codec import HeatmapCodec, strongest_cells

__all__ = ['ClassificationCodec', 'CoordinateCodec', 'HeatmapCodec', 'KeypointCodec', 'strongest_cells']
