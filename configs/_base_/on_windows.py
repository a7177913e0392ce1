# Settings that the small networks on the simulated set share, so that only the networks differ: 3D heatmaps of HuPR's
# range crop, cached on disk, and a training of minutes on two CPU cores. Because it is so short, its one-cycle learning
# rate is far above the paper's.
_base_ = ['default_runtime.py', 'inputs/heatmap_3d.py', 'datasets/simhupr.py', 'schedules/one_cycle.py']

range_bins = (31, 95)
cache_dir = '${data_root}/heatmap_cache'
val_batch_size = 16
num_workers = 1

max_epochs = 3
auto_scale_lr = dict(base_batch_size=8, enable=False)
