# mm-Pose's forked CNN made narrow, for comparison with millimamba_tiny_simhupr.py: simulated set, crop, optimizer and
# number of steps are the same. It sees one frame, as magnitudes (mmpose_hupr.py). The sizes are our choice.
_base_ = ['../_base_/on_windows.py', '../_base_/models/mm_pose.py']

num_frames = 1
channel_mode = 'log_magnitude'
normalize_over = 'frame'
model = dict(backbone=dict(channels=(8, 16, 32), hidden=(128, 64, 64)))
