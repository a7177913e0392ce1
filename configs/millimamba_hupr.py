# milliMamba on HuPR: two radars, nine frames, the paper's losses and optimizer.
_base_ = [
    '_base_/default_runtime.py',
    '_base_/inputs/heatmap_3d.py',
    '_base_/datasets/hupr.py',
    '_base_/models/millimamba.py',
    '_base_/schedules/adam_20e.py',
]
