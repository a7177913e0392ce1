# The narrow mm-Pose with the settings of millimamba_small_simhupr.py, so that only the networks differ.
_base_ = ['../_base_/small_simhupr.py', '../_base_/models/mm_pose_tiny.py']

num_frames = 1
batch_size = 64
max_epochs = 8
