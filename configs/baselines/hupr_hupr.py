# Table 3 of the paper (methods, on HuPR), row of HuPR: its own network on its own input. 4D heatmaps, mean over
# elevation, eight frames t - 4 to t + 3. Everything is as in its public code; 35.5 M parameters and 68.5 GMACs, of
# which the paper states 35.5 and 68.6.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/inputs/heatmap_4d.py',
    '../_base_/datasets/hupr.py',
    '../_base_/models/hupr.py',
    '../_base_/schedules/adam_20e.py',
]

# Adam, learning rate 1e-4, weight decay 1e-4, batch 20, a thousandth less every 2,000 steps, up to 200 epochs of which
# the best on val counts (`save_best` in the runtime). The public code counts its 2,000 steps anew in every epoch.
batch_size = 20
max_epochs = 200
optim_wrapper = dict(optimizer=dict(lr=1e-4, weight_decay=1e-4))
param_scheduler = [dict(type='StepLR', step_size=2000, gamma=0.999, by_epoch=False)]
auto_scale_lr = dict(base_batch_size=20)
