# For sequences far longer than the windows of training: states start with time constants of 4 to 40 frames, at most
# half a window of 81, instead of 20 to 2,000.
_base_ = 'hummuss_small_motion.py'

model = dict(backbone=dict(temporal_delta=(0.05, 0.5)))
