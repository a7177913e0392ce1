"""Layers of GLSMamba, from the orders of the scans to the two blocks."""

from glsmamba.models.layers.embeddings import SpaceTimeEmbedding, sine_cosine_2d
from glsmamba.models.layers.gated_block import GatedBlock, GateStream
from glsmamba.models.layers.gsm import GSMBlock
from glsmamba.models.layers.lrm import LRMBlock
from glsmamba.models.layers.modulated_deform_conv import ModulatedDeformConv
from glsmamba.models.layers.s6 import S6
from glsmamba.models.layers.scan_orders import ScanOrders, read_in_orders, scan_orders, sum_in_place_of_tokens
from glsmamba.models.layers.sequential_channel_attention import SequentialChannelAttention
from glsmamba.models.layers.stmm import STMM, ModulatedCompensation
from glsmamba.models.layers.sts6d import STS6D
from glsmamba.models.layers.transformer_layer import TransformerLayer
from glsmamba.models.layers.windows import WSTS, window_order

__all__ = [
    'S6',
    'STMM',
    'STS6D',
    'WSTS',
    'GSMBlock',
    'GateStream',
    'GatedBlock',
    'LRMBlock',
    'ModulatedCompensation',
    'ModulatedDeformConv',
    'ScanOrders',
    'SequentialChannelAttention',
    'SpaceTimeEmbedding',
    'TransformerLayer',
    'read_in_orders',
    'scan_orders',
    'sine_cosine_2d',
    'sum_in_place_of_tokens',
    'window_order',
]
