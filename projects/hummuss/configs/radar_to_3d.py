# From radar to 3D: a milliMamba predicts the 2D poses of whole sequences, a HumMUSS lifts them (tools/lift_radar.py).
_base_ = '../../../configs/millimamba_tiny_simhupr.py'

load_from = 'work_dirs/millimamba_tiny_simhupr/epoch_3.pth'  # any checkpoint of the model above
lifter = dict(
    config='{{ fileDirname }}/hummuss_small_radar.py',
    checkpoint='work_dirs/hummuss_small_radar/epoch_12.pth',
)
