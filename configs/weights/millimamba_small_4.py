# Fourth of the four trainings behind millimamba-small: from an average of the second and third, at the rate of the
# second, with people of all kinds at once.
_base_ = 'millimamba_small_2.py'

load_from = 'work_dirs/millimamba_small_23.pth'
people = [
    *[
        dict(_base_.people[0], data_root=root)
        for root in (
            'data/simhupr',
            'data/simhupr-v2-part',
            'data/simhupr-varied-c',
            'data/simhupr-varied-d',
            'data/simhupr-varied-e',
        )
    ],
    *[dict(_base_.people[0], data_root='data/simhupr-v1-mini')] * 4,
]
optim_wrapper = dict(optimizer=dict(lr=5e-4))
min_lr = 1e-5
max_epochs = 5
train_cfg = dict(val_interval=5)
