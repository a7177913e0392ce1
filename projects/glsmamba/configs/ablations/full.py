# GLSMamba as in glsmamba_small_synthetic.py, trained on more clips and longer. Each other file here changes one thing
# of it.
_base_ = '../glsmamba_small_synthetic.py'

train_dataloader = dict(dataset=dict(num_clips=2400))
max_epochs = 3
param_scheduler = dict(total_steps=max_epochs)
train_cfg = dict(max_epochs=max_epochs, val_interval=max_epochs)
