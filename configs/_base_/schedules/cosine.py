# A linear warm-up over `warmup_steps`, then a cosine decay to `min_lr` at the end of `train_cfg.max_epochs`.
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, begin=0, end='${warmup_steps}', by_epoch=False),
    dict(
        type='CosineAnnealingLR',
        eta_min='${min_lr}',
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
