# GLSMamba as in glsmamba_small_synthetic.py, trained on more clips and longer. Each other file here changes one thing
# of it.
_base_ = '../glsmamba_small_synthetic.py'

train_dataloader = dict(dataset=dict(num_clips=2400))
max_epochs = 3
param_scheduler = [
    dict(
        type='OneCycleLR',
        eta_max=2e-3,
        pct_start=0.15,
        total_steps=max_epochs,
        by_epoch=True,
        convert_to_iter_based=True,
    )
]
train_cfg = dict(max_epochs=max_epochs, val_interval=max_epochs)
