# Fine-tuning of the packaged weights with people of your own, and with those of simhupr-v2-mini so that these are not
# forgotten. `own_root` is any set in HuPR's layout, recorded or simulated, such as one of your motion files:
#     python tools/simulate.py data/own --motion-files FILES --motion-split train --places 8 --frames 24 --form compact
_base_ = 'millimamba_small_simhupr.py'

load_from = 'millimamba-small'
own_root = 'data/own'
people = [dict(_base_.train_dataloader.dataset, data_root=root) for root in ('${data_root}', '${own_root}')]
train_dataloader = dict(dataset=dict(_delete_=True, type='ConcatDataset', datasets='${people}'))
optim_wrapper = dict(optimizer=dict(lr=1e-3))
min_lr = 1e-5
max_epochs = 4
train_cfg = dict(val_interval=4)
