# Without a network, an ORACLE: the TRUE pose of the frame before. A bound of what smoothness alone can give.
_base_ = ['../_base_/on_labels.py', '../_base_/datasets/simhupr.py']

num_workers = 1
model = dict(type='PreviousFrame')
