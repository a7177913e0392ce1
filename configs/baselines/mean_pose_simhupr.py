# Without a network: the mean of all training poses in px, wherever the person is. A network that is no better has
# learned nothing from radar.
_base_ = ['../_base_/on_labels.py', '../_base_/datasets/simhupr.py']

num_workers = 1
model = dict(type='MeanPose')
