# Adam, learning rate 5e-5, weight decay 1e-4, batch 8: the paper's. Epochs and decay are open in the paper; 20 epochs
# with a short warm-up and a cosine are ours.
max_epochs = 20
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=5e-5, weight_decay=1e-4))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, begin=0, end=500, by_epoch=False),
    dict(
        type='CosineAnnealingLR',
        eta_min=5e-7,
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
