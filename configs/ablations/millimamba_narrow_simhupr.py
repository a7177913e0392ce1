# Not in the paper: milliMamba in the paper's form made narrow, with the settings of millimamba_small_simhupr.py, so
# that only the networks differ. It shows what the small network's own form is worth at equal time.
_base_ = ['../_base_/small_simhupr.py', '../_base_/models/millimamba_tiny.py']

num_frames = 9
train_sampler = dict(type='DisjointWindowSampler', shuffle=True)
batch_size = 2  # more steps in the same time
model = dict(backbone=dict(stem=dict(in_channels=1)))
max_epochs = 1
