# Table 3 of the paper (methods, on HuPR), row of HuPR: its own network on its own input. 4D heatmaps, mean over
# elevation, eight frames t - 4 to t + 3. Everything is as in its public code. It has 35.5 M parameters and 68.5 GMACs;
# the paper states 35.5 M and 68.6.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/inputs/heatmap_4d.py',
    '../_base_/datasets/hupr.py',
    '../_base_/models/hupr.py',
    '../_base_/schedules/adam_20e.py',
]

# Adam, learning rate 1e-4 reduced by a thousandth every 2,000 steps, weight decay 1e-4, batch size 20, up to 200 epochs
# of which the best on val counts (`save_best` in the runtime). The public code restarts its count of 2,000 steps in
# every epoch.
batch_size = 20
max_epochs = 200
optim_wrapper = dict(optimizer=dict(lr=1e-4, weight_decay=1e-4))
param_scheduler = [dict(type='StepLR', step_size=2000, gamma=0.999, by_epoch=False)]
auto_scale_lr = dict(base_batch_size=20)
