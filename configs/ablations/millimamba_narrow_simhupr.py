# milliMamba in the paper's form made narrow, with the settings of millimamba_small_simhupr.py, so that only the
# networks differ: what the small network's own form is worth at equal time. Not in the paper.
_base_ = ['../_base_/small_simhupr.py', '../_base_/models/millimamba_tiny.py']

num_frames = 9
train_sampler = dict(type='DisjointWindowSampler', shuffle=True)
model = dict(backbone=dict(stem=dict(in_channels=1)))
max_epochs = 1
