# Without a network, an ORACLE: the mean training pose at the TRUE place and in the TRUE size of each person. It knows
# everything but the pose; what a network has above it comes from seeing limbs (docs/limbs.md).
_base_ = ['../_base_/on_labels.py', '../_base_/datasets/simhupr.py']

num_workers = 1
model = dict(type='PlacedMeanPose')
