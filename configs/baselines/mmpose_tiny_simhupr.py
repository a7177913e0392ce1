# The narrow mm-Pose, for comparison with millimamba_tiny_simhupr.py: simulated set, crop, optimizer and number of steps
# are the same. It sees one frame, as magnitudes (mmpose_hupr.py).
_base_ = ['../_base_/on_windows.py', '../_base_/models/mm_pose_tiny.py']

num_frames = 1
channel_mode = 'log_magnitude'
normalize_over = 'frame'
