# The main configuration, full size, on the simulated set: python tools/simulate.py data/simhupr
_base_ = [
    '_base_/default_runtime.py',
    '_base_/inputs/heatmap_3d.py',
    '_base_/datasets/simhupr.py',
    '_base_/models/millimamba.py',
    '_base_/schedules/adam_20e.py',
]
