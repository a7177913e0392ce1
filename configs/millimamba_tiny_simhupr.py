# The demo: a milliMamba small enough to learn within minutes on two CPU cores, on the simulated set.
# Against the main configuration: three frames, HuPR's range crop, narrower and shallower; an L1 loss beside the OKS
# loss (whose gradient vanishes far from the truth) and a one-cycle learning rate far above the paper's, because the
# training is so short.
_base_ = 'millimamba_light_hupr.py'

num_frames = 3
dataset = dict(data_root='data/simhupr/', sequences=None, num_frames=num_frames, cache_dir='data/simhupr/heatmap_cache')
train_dataloader = dict(batch_size=8, num_workers=1, dataset=dataset)
val_dataloader = dict(batch_size=16, num_workers=1, dataset=dataset)
test_dataloader = dict(batch_size=16, num_workers=1, dataset=dataset)

model = dict(
    backbone=dict(
        num_frames=num_frames,
        stem=dict(channels=(8, 16, 32, 48), strides=(2, 2, 1)),
        mixer=dict(num_layers=2, layer=dict(d_state=8)),
    ),
    head=dict(
        num_frames=num_frames,
        embed_dims=48,
        num_layers=2,
        num_heads=4,
        losses=dict(l1=dict(type='KeypointL1Loss', loss_weight=5.0)),
    ),
)

max_epochs = 3
optim_wrapper = dict(
    _delete_=True,
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.01),
    clip_grad=dict(max_norm=1.0),
)
param_scheduler = [
    dict(
        type='OneCycleLR',
        eta_max=1e-3,
        pct_start=0.15,
        total_steps=max_epochs,
        by_epoch=True,
        convert_to_iter_based=True,
    )
]
train_cfg = dict(max_epochs=max_epochs, val_interval=1)
