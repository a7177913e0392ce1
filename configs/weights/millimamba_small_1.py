# First of the four trainings behind millimamba-small, the weights in the package: 9.2 hours of simulated people, most
# of them varied. docs/limbs.md has the commands that simulate the sets.
_base_ = '../millimamba_small_simhupr.py'

data_root = 'data/simhupr-v2'
people = [
    dict(_base_.train_dataloader.dataset, data_root=root)
    for root in ('${data_root}', 'data/simhupr-varied-a', 'data/simhupr-varied-b')
]
train_dataloader = dict(dataset=dict(_delete_=True, type='ConcatDataset', datasets='${people}'))
max_epochs = 12
train_cfg = dict(val_interval=3)
