# Third of the four trainings behind millimamba-small: with people who walk through the room, wave and jump.
_base_ = 'millimamba_small_2.py'

load_from = 'work_dirs/millimamba_small_2/epoch_3.pth'
people = [
    *[
        dict(_base_.people[0], data_root=root)
        for root in ('data/simhupr', 'data/simhupr-varied-c', 'data/simhupr-varied-d')
    ],
    *[dict(_base_.people[0], data_root='data/simhupr-v1-mini')] * 4,
]
optim_wrapper = dict(optimizer=dict(lr=1e-3))
max_epochs = 9
