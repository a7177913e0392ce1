# The small milliMamba on the simulated set: python tools/simulate.py data/simhupr --preset simhupr-v2 --form compact
_base_ = ['_base_/small_simhupr.py', '_base_/models/millimamba_small.py']

train_sampler = dict(type='DisjointWindowSampler', shuffle=True)
max_epochs = 11
train_cfg = dict(val_interval=11)
model = dict(
    head=dict(score_loss=dict(type='KeypointScoreLoss'))
)  # a score for each joint; poses get no gradient from it
