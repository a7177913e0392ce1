# Second of the four trainings behind millimamba-small: from the first one's weights, with a lower learning rate, and
# with simhupr-v1-mini's few people four times over.
_base_ = 'millimamba_small_1.py'

load_from = 'work_dirs/millimamba_small_1/epoch_12.pth'
people = [*_base_.people, *[dict(_base_.people[0], data_root='data/simhupr-v1-mini')] * 4]
optim_wrapper = dict(optimizer=dict(lr=5e-4))
min_lr = 1e-5
max_epochs = 3
