# mm-Pose's forked CNN made narrow. The sizes are our choice.
_base_ = 'mm_pose.py'

model = dict(backbone=dict(channels=(8, 16, 32), hidden=(128, 64, 64)))
