# The small milliMamba on HuPR. Not measured, since we do not have the data.
_base_ = ['_base_/on_sequences.py', '_base_/datasets/hupr.py', '_base_/models/millimamba_small.py']

train_sampler = dict(type='DisjointWindowSampler', shuffle=True)
max_epochs = 30
# A score for each joint. Poses get no gradient from it.
model = dict(head=dict(score_loss=dict(type='KeypointScoreLoss')))
