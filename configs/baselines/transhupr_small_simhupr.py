# The narrow TransHuPR with the settings of millimamba_small_simhupr.py, so that only the networks differ. Windows
# do not overlap: neighbouring frames are much alike, so that this shows more people in the same time.
_base_ = ['../_base_/small_simhupr.py', '../_base_/models/transhupr_tiny.py']

num_frames = 3
model = dict(backbone=dict(stem=dict(in_channels=1)))
train_sampler = dict(type='DisjointWindowSampler', shuffle=True)
max_epochs = 2
