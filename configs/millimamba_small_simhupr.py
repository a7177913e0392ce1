# The small milliMamba on the simulated set: python tools/simulate.py data/simhupr --preset simhupr-v2 --form compact
_base_ = ['_base_/small_simhupr.py', '_base_/models/millimamba_small.py']

train_sampler = dict(type='DisjointWindowSampler', shuffle=True)
max_epochs = 11
train_cfg = dict(val_interval=11)
# A score for each joint. Poses get no gradient from it.
model = dict(head=dict(score_loss=dict(type='KeypointScoreLoss')))
