# Table 3 of the paper (methods, on HuPR), row of HuPR: its own network on its own input. 4D heatmaps, mean over
# elevation, eight frames t - 4 to t + 3. Everything is as in its public code, down to how its network reads the Doppler
# axis (`interleaved`); 35.5 M parameters and 68.5 GMACs, of which the paper states 35.5 and 68.6.
_base_ = '../ablations/millimamba_4dfft_hupr.py'

num_frames = 8
dataset = dict(num_frames=num_frames)
train_dataloader = dict(batch_size=20, dataset=dataset)
val_dataloader = dict(dataset=dataset)
test_dataloader = dict(dataset=dataset)

model = dict(
    _delete_=True,
    type='RadarPoseEstimator',
    data_preprocessor=dict(type='RadarPoseDataPreprocessor'),
    backbone=dict(
        type='HuPREncoder',
        num_frames=num_frames,
        num_views=2,
        input_size=(64, 64),  # angle, range
        stem=dict(in_channels=2, channels=32, interleaved=True),
    ),
    head=dict(
        type='HuPRHead',
        num_keypoints=14,
        channels=32,
        codec=dict(type='HeatmapCodec', heatmap_size=(64, 64), sigma=2),
        losses=dict(
            heatmap=dict(type='BCELoss', use_target_weight=True),
            refined=dict(type='BCELoss', use_target_weight=True),
        ),
    ),
)

# Adam, learning rate 1e-4, weight decay 1e-4, batch 20, a thousandth less every 2,000 steps, up to 200 epochs of which
# the best on val counts (`save_best` in the runtime). The public code counts its 2,000 steps anew in every epoch.
optim_wrapper = dict(optimizer=dict(lr=1e-4, weight_decay=1e-4))
param_scheduler = [dict(type='StepLR', step_size=2000, gamma=0.999, by_epoch=False)]
train_cfg = dict(max_epochs=200)
auto_scale_lr = dict(base_batch_size=20)
