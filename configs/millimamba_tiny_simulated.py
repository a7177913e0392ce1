# The tiny network on windows that are simulated during training, new ones in every epoch, so that neither a data set
# nor disk space is needed.
_base_ = 'millimamba_tiny_simhupr.py'

num_workers = 2
dataset = dict(
    _delete_=True,
    type='SimulatedRadarDataset',
    views='${views}',
    window=dict(num_frames='${num_frames}', key='${key_frame}'),
    pipeline='${pipeline}',
)
test_dataset = dict(**dataset, num_windows=200, seed=1, fresh=False, test_mode=True)
train_dataloader = dict(dataset=dict(**dataset, num_windows=2000))
val_dataloader = dict(dataset=dict(**test_dataset))
test_dataloader = dict(dataset=dict(**test_dataset))
