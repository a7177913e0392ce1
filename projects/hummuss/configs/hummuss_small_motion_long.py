# For sequences far longer than the windows of training: no state remembers longer than a window.
# Takes checkpoints of hummuss_small_motion.py, too: the bound adds no parameters.
_base_ = 'hummuss_small_motion.py'

model = dict(backbone=dict(temporal_memory='${num_frames}'))
