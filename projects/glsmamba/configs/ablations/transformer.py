# A Transformer over the same tokens, with the same number of blocks; not an ablation of the paper at this size.
_base_ = 'full.py'

model = dict(
    neck=dict(
        _delete_=True,
        type='ClipTransformer',
        in_channels=64,
        embed_dims=48,
        num_frames='${num_frames}',
        num_layers=2,
        num_heads=4,
        ffn_ratio=2,
    )
)
