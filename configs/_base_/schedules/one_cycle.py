# AdamW and one cycle over the whole of a short training, for small models. The inheriting configuration sets
# `max_epochs` and the learning rate, which is the maximum of the cycle.
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.01),
    clip_grad=dict(max_norm=1.0),
)
param_scheduler = [
    dict(
        type='OneCycleLR',
        eta_max='${optim_wrapper.optimizer.lr}',
        pct_start=0.15,
        total_steps='${train_cfg.max_epochs}',
        by_epoch=True,
        convert_to_iter_based=True,
    )
]
train_cfg = dict(by_epoch=True, max_epochs='${max_epochs}', val_interval=1)
val_cfg = dict()
test_cfg = dict()
