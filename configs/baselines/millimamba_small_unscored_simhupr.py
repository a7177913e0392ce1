# The small milliMamba without scores of its joints: what the suites train, which need no scores.
_base_ = ['../_base_/small_simhupr.py', '../_base_/models/millimamba_small.py']

train_sampler = dict(type='DisjointWindowSampler', shuffle=True)
max_epochs = 11
train_cfg = dict(val_interval=11)
