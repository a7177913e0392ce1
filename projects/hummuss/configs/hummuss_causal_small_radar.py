# The causal model for 2D poses predicted by a milliMamba: lifts them as they come (mmradar live --lift).
_base_ = 'hummuss_small_radar.py'

model = dict(backbone=dict(causal=True), test_cfg=dict(flip_test=False))  # streams have no flip test
