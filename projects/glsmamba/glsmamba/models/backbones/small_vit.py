"""A plain vision transformer, for runs without mmpretrain."""

from __future__ import annotations

import torch
from jaxtyping import Float
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from mmradar.errors import ConfigError
from mmradar.registry import MODELS


class Attention(BaseModule):
    """Multi-head self-attention."""

    def __init__(self, embed_dims: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.qkv = nn.Linear(embed_dims, 3 * embed_dims)
        self.proj = nn.Linear(embed_dims, embed_dims)

    def forward(self, x: Float[Tensor, 'batch tokens dims']) -> Float[Tensor, 'batch tokens dims']:
        q, k, v = self.qkv(x).unflatten(-1, (3, self.num_heads, -1)).permute(2, 0, 3, 1, 4)
        return self.proj(scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))


class FeedForward(BaseModule):
    """Two linear layers; the nesting gives the parameters mmcv's names."""

    def __init__(self, embed_dims: int, hidden_dims: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Sequential(nn.Linear(embed_dims, hidden_dims), nn.GELU()), nn.Linear(hidden_dims, embed_dims)
        )

    def forward(self, x: Float[Tensor, 'batch tokens dims']) -> Float[Tensor, 'batch tokens dims']:
        return self.layers(x)


class Layer(BaseModule):
    """A transformer layer with pre-norm."""

    def __init__(self, embed_dims: int, num_heads: int, ffn_ratio: float) -> None:
        super().__init__()
        self.ln1 = nn.LayerNorm(embed_dims, eps=1e-6)
        self.attn = Attention(embed_dims, num_heads)
        self.ln2 = nn.LayerNorm(embed_dims, eps=1e-6)
        self.ffn = FeedForward(embed_dims, int(embed_dims * ffn_ratio))

    def forward(self, x: Float[Tensor, 'batch tokens dims']) -> Float[Tensor, 'batch tokens dims']:
        x = x + self.attn(self.ln1(x))
        return x + self.ffn(self.ln2(x))


@MODELS.register_module()
class SmallViT(BaseModule):
    """Vision transformer (Dosovitskiy et al., 2021) without class token, which returns a feature map.

    Parameters have the names that mmpretrain's ``VisionTransformer`` gives them. With the sizes of ViT-B (768, 12
    layers, 12 heads, patch padding 2) it is ViTPose-B's encoder. The small default is ours.

    Args:
        img_size: Height and width of images, px.
        patch_size: Side of a patch, px.
        embed_dims: Width.
        depth: Layers.
        num_heads: Attention heads.
        ffn_ratio: Width of the FFN over that of the tokens.
        in_channels: Of images.
        patch_padding: Around the image, px; ViTPose has 2.

    Raises:
        ConfigError: Images that patches do not divide, or channels that heads do not.
    """

    def __init__(
        self,
        img_size: tuple[int, int] = (256, 192),
        patch_size: int = 16,
        embed_dims: int = 192,
        depth: int = 4,
        num_heads: int = 3,
        ffn_ratio: float = 4,
        in_channels: int = 3,
        patch_padding: int = 0,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if any(side % patch_size for side in img_size):
            raise ConfigError(f'SmallViT: images of {tuple(img_size)} px cannot be cut into patches of {patch_size} px')
        if embed_dims % num_heads:
            raise ConfigError(f'SmallViT: {embed_dims} channels cannot be shared out among {num_heads} heads')
        if not 0 <= 2 * patch_padding < patch_size:
            raise ConfigError(f'SmallViT: patch_padding={patch_padding} px would add patches of {patch_size} px')
        self.img_size, self.embed_dims = tuple(img_size), embed_dims
        self.grid = tuple(side // patch_size for side in img_size)
        self.patch_embed = nn.ModuleDict(
            {'projection': nn.Conv2d(in_channels, embed_dims, patch_size, patch_size, patch_padding)}
        )
        self.pos_embed = nn.Parameter(torch.empty(1, self.grid[0] * self.grid[1], embed_dims))
        nn.init.trunc_normal_(self.pos_embed, std=0.02)
        self.layers = nn.Sequential(*(Layer(embed_dims, num_heads, ffn_ratio) for _ in range(depth)))
        self.ln1 = nn.LayerNorm(embed_dims, eps=1e-6)

    def forward(self, images: Float[Tensor, 'batch channels height width']) -> tuple[Tensor]:
        """The feature map, (batch, embed_dims, height / patch, width / patch), as the only element of a tuple.

        Raises:
            ValueError: Images of another size.
        """
        if images.shape[-2:] != self.img_size:
            raise ValueError(
                f'SmallViT was made for images of {self.img_size} px, found {tuple(images.shape[-2:])}; set img_size'
            )
        x = self.patch_embed['projection'](images).flatten(2).transpose(1, 2)
        x = self.ln1(self.layers(x + self.pos_embed))
        return (x.transpose(1, 2).unflatten(2, self.grid),)
