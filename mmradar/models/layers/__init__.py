"""Building blocks of backbones and heads."""

from mmradar.models.layers.mnet import MNet
from mmradar.models.layers.residual_conv3d import ResidualConv3d
from mmradar.models.layers.stca import STCALayer
from mmradar.models.layers.transformer_decoder import TransformerDecoderLayer
from mmradar.models.layers.transformer_encoder import TransformerEncoderLayer
from mmradar.models.layers.view_stem import ViewStem
from mmradar.models.layers.vision_mamba import VisionMambaLayer
from mmradar.models.layers.zigzag import SCAN_ORDERS, raster_order, zigzag_order

__all__ = [
    'SCAN_ORDERS',
    'MNet',
    'ResidualConv3d',
    'STCALayer',
    'TransformerDecoderLayer',
    'TransformerEncoderLayer',
    'ViewStem',
    'VisionMambaLayer',
    'raster_order',
    'zigzag_order',
]
