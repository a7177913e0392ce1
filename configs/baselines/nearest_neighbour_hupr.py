# nearest_neighbour_simhupr.py on HuPR.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/inputs/log_heatmap_3d.py',
    '../_base_/datasets/hupr.py',
    '../_base_/models/nearest_neighbour.py',
    '../_base_/schedules/fit.py',
]

num_frames = 1
