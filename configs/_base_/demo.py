# What the small networks on the simulated set share, so that only they differ: 3D heatmaps of HuPR's range crop,
# kept on disk, and a training of minutes on two CPU cores, with a one-cycle learning rate far above the paper's because
# it is so short.
_base_ = ['default_runtime.py', 'inputs/heatmap_3d.py', 'datasets/simhupr.py', 'schedules/one_cycle.py']

range_bins = (31, 95)
cache_dir = '${data_root}/heatmap_cache'
val_batch_size = 16
num_workers = 1

max_epochs = 3
auto_scale_lr = dict(base_batch_size=8, enable=False)
