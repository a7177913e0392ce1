"""Building blocks of backbones and heads."""

from mmradar.models.layers.conv3d import Conv3d
from mmradar.models.layers.conv_shortcut_block import ConvShortcutBlock
from mmradar.models.layers.cross_self_attention import CellAttention, CrossSelfAttention
from mmradar.models.layers.cross_view_fusion import CrossViewFusion
from mmradar.models.layers.doppler_image import DopplerImage
from mmradar.models.layers.frame_memory import FrameMemory, PerFrame, remembered
from mmradar.models.layers.frame_merge import FrameMerge
from mmradar.models.layers.frame_mixer import FrameMixer
from mmradar.models.layers.frame_stem import FrameStem
from mmradar.models.layers.graph_convolution import GraphConvolution, adjacency_matrix
from mmradar.models.layers.mnet import MNet
from mmradar.models.layers.prgcn import HUPR_LINKS, PRGCN
from mmradar.models.layers.range_crop import RangeCrop
from mmradar.models.layers.residual_conv3d import ResidualConv3d
from mmradar.models.layers.selective_ssm import SelectiveSSM
from mmradar.models.layers.sequence_mixer import SequenceMixer
from mmradar.models.layers.stca import STCALayer
from mmradar.models.layers.transformer_decoder import TransformerDecoderLayer
from mmradar.models.layers.transformer_encoder import TransformerEncoderLayer
from mmradar.models.layers.view_pyramid import ViewPyramid
from mmradar.models.layers.view_stem import ViewStem
from mmradar.models.layers.vision_mamba import VisionMambaLayer
from mmradar.models.layers.zigzag import SCAN_ORDERS, raster_order, zigzag_order

__all__ = [
    'HUPR_LINKS',
    'PRGCN',
    'SCAN_ORDERS',
    'CellAttention',
    'Conv3d',
    'ConvShortcutBlock',
    'CrossSelfAttention',
    'CrossViewFusion',
    'DopplerImage',
    'FrameMemory',
    'FrameMerge',
    'FrameMixer',
    'FrameStem',
    'GraphConvolution',
    'MNet',
    'PerFrame',
    'RangeCrop',
    'ResidualConv3d',
    'STCALayer',
    'SelectiveSSM',
    'SequenceMixer',
    'TransformerDecoderLayer',
    'TransformerEncoderLayer',
    'ViewPyramid',
    'ViewStem',
    'VisionMambaLayer',
    'adjacency_matrix',
    'raster_order',
    'remembered',
    'zigzag_order',
]
