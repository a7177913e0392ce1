# Muon and AdamW, a linear warm-up, a cosine to the end. For short trainings; whoever inherits says `max_epochs`.
optim_wrapper = dict(
    type='OptimWrapper',
    constructor='MuonOptimWrapperConstructor',
    optimizer=dict(type='MuonAdamW', lr=2e-3, weight_decay=0.01),
    clip_grad=dict(max_norm=1.0),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, begin=0, end=100, by_epoch=False),
    dict(
        type='CosineAnnealingLR',
        eta_min=4e-5,
        T_max='${train_cfg.max_epochs}',
        begin=0,
        end='${train_cfg.max_epochs}',
        by_epoch=True,
        convert_to_iter_based=True,
    ),
]
train_cfg = dict(by_epoch=True, max_epochs='${max_epochs}', val_interval=1)
val_cfg = dict()
test_cfg = dict()
auto_scale_lr = dict(base_batch_size=8, enable=False)
