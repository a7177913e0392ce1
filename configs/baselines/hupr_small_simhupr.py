# HuPR's narrow network with the settings of millimamba_small_simhupr.py, so that only the networks differ. Windows
# do not overlap: neighbouring frames are much alike, so that this shows more people in the same time.
_base_ = ['../_base_/small_simhupr.py', '../_base_/models/hupr_tiny.py']

num_frames = 4  # three cannot be halved twice
num_angle = 64  # maps are as large as the heatmaps of joints
model = dict(backbone=dict(stem=dict(in_channels=1)))
train_sampler = dict(type='DisjointWindowSampler', shuffle=True)
batch_size = 2  # more steps in the same time
max_epochs = 1
