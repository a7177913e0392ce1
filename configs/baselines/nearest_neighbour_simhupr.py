# Without a network: the pose of the training frame whose heatmaps are nearest. They are log-magnitudes, one frame at a
# time, as the small network sees them.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/inputs/log_heatmap_3d.py',
    '../_base_/datasets/simhupr.py',
    '../_base_/models/nearest_neighbour.py',
    '../_base_/schedules/fit.py',
]

num_frames = 1
val_batch_size = 16
num_workers = 1
