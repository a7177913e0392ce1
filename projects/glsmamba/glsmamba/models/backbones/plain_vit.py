"""Encoder of ViTPose: a plain vision transformer."""

from __future__ import annotations

import re

import torch
from jaxtyping import Float
from mmengine.model import BaseModule
from torch import Tensor, nn

from glsmamba.models.layers import TransformerLayer
from mmradar.errors import ConfigError
from mmradar.registry import MODELS

# ViTPose's sizes (Xu et al., 2022)
ARCHS = {
    'small': dict(embed_dims=384, num_layers=12, num_heads=12),
    'base': dict(embed_dims=768, num_layers=12, num_heads=12),
    'large': dict(embed_dims=1024, num_layers=24, num_heads=16),
    'huge': dict(embed_dims=1280, num_layers=32, num_heads=16),
}
# Names of the weights in ViTPose's own release -> names in this module
_RELEASED = [
    (r'patch_embed\.proj\.', 'patch_embed.projection.'),
    (r'blocks\.(\d+)\.norm', r'layers.\1.ln'),
    (r'blocks\.(\d+)\.mlp\.fc1\.', r'layers.\1.ffn.layers.0.0.'),
    (r'blocks\.(\d+)\.mlp\.fc2\.', r'layers.\1.ffn.layers.1.'),
    (r'blocks\.', 'layers.'),
    (r'last_norm\.', 'ln1.'),
]


@MODELS.register_module()
class PlainViT(BaseModule):
    """Vision transformer without class token that returns a feature map: ViTPose's encoder (Xu et al., 2022).

    It loads published ViTPose checkpoints: mmpose's, which have the same parameter names (those of mmpretrain's
    ``VisionTransformer``; mmpretrain need not be installed), and those of ViTPose's own release. If position embeddings
    include one of a class token, in front of those of the patches, it is dropped from mmpose's checkpoints, as
    mmpretrain does, and added to every patch in ViTPose's, as ViTPose does. There is no stochastic depth, which ViTPose
    uses in training, because the encoder is frozen here.

    Args:
        arch: ``'small'``, ``'base'``, ``'large'`` or ``'huge'``, ViTPose's sizes; or a dictionary of ``embed_dims``,
            ``num_layers``, ``num_heads`` and optionally ``feedforward_channels`` (default: four times ``embed_dims``).
        img_size: Height and width of images, px.
        patch_size: Side of a patch, px.
        in_channels: Channels of images.
        patch_padding: Padding around the image, px; ViTPose's is 2.

    Raises:
        ConfigError: If ``arch`` is unknown, patches do not divide the images, or heads do not divide the channels.
    """

    def __init__(
        self,
        arch: str | dict[str, int] = 'base',
        img_size: tuple[int, int] = (256, 192),
        patch_size: int = 16,
        in_channels: int = 3,
        patch_padding: int = 2,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        sizes = ARCHS.get(arch) if isinstance(arch, str) else arch
        names = {'embed_dims', 'num_layers', 'num_heads'}
        if sizes is None or not names <= set(sizes) <= {*names, 'feedforward_channels'}:
            raise ConfigError(
                f'PlainViT: arch must be one of {", ".join(ARCHS)}, or a dictionary of embed_dims, num_layers, '
                f'num_heads and optionally feedforward_channels; found {arch!r}'
            )
        embed_dims, num_heads = sizes['embed_dims'], sizes['num_heads']
        if any(side % patch_size for side in img_size):
            raise ConfigError(f'PlainViT: images of {tuple(img_size)} px cannot be cut into patches of {patch_size} px')
        if embed_dims % num_heads:
            raise ConfigError(f'PlainViT: {embed_dims} channels cannot be shared out among {num_heads} heads')
        if not 0 <= 2 * patch_padding < patch_size:
            raise ConfigError(f'PlainViT: patch_padding={patch_padding} px would add patches of {patch_size} px')
        self.img_size, self.embed_dims = tuple(img_size), embed_dims
        self.grid = tuple(side // patch_size for side in img_size)
        self.patch_embed = nn.ModuleDict(
            {'projection': nn.Conv2d(in_channels, embed_dims, patch_size, patch_size, patch_padding)}
        )
        self.pos_embed = nn.Parameter(torch.empty(1, self.grid[0] * self.grid[1], embed_dims))
        nn.init.trunc_normal_(self.pos_embed, std=0.02)
        feedforward_channels = sizes.get('feedforward_channels', 4 * embed_dims)
        self.layers = nn.Sequential(
            *(TransformerLayer(embed_dims, num_heads, feedforward_channels) for _ in range(sizes['num_layers']))
        )
        self.ln1 = nn.LayerNorm(embed_dims, eps=1e-6)
        self.register_load_state_dict_pre_hook(_from_published)

    def forward(self, images: Float[Tensor, 'batch channels height width']) -> tuple[Tensor]:
        """Return the feature map, (batch, embed_dims, height / patch, width / patch), as a tuple of one element.

        Raises:
            ValueError: If images have another size.
        """
        if images.shape[-2:] != self.img_size:
            raise ValueError(
                f'PlainViT was made for images of {self.img_size} px, found {tuple(images.shape[-2:])}; set img_size'
            )
        x = self.patch_embed['projection'](images).flatten(2).transpose(1, 2)
        x = self.ln1(self.layers(x + self.pos_embed))
        return (x.transpose(1, 2).unflatten(2, self.grid),)


def _from_published(module: PlainViT, state_dict: dict[str, Tensor], prefix: str, *_: object) -> None:
    """Convert published weights under ``prefix`` to the names and positions of the encoder, in place."""
    released = f'{prefix}patch_embed.proj.weight' in state_dict
    positions = state_dict.get(f'{prefix}pos_embed')
    if positions is not None and positions.shape[1] == module.pos_embed.shape[1] + 1:
        class_token, patches = positions[:, :1], positions[:, 1:]
        state_dict[f'{prefix}pos_embed'] = patches + class_token if released else patches
    if not released:
        return
    for key in [key for key in state_dict if key.startswith(prefix)]:
        name = key.removeprefix(prefix)
        for released_name, own_name in _RELEASED:
            name = re.sub(f'^{released_name}', own_name, name)
        state_dict[prefix + name] = state_dict.pop(key)
