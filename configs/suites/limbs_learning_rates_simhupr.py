# The learning rates of limbs_simhupr.py: three for each network, on every third training sequence, by AP on val.
#     python tools/run_experiments.py configs/suites/limbs_learning_rates_simhupr.py --jobs 2
name = 'limbs_learning_rates_simhupr'
seeds = (0,)
options = {
    'data_root': 'data/simhupr',
    'num_workers': 0,
    'val_batch_size': 8,
    'train_dataloader.dataset.sequence_step': 3,
    'test_dataloader.dataset.ann_file': 'hrnet_annot_val.json',
    'test_dataloader.dataset.split': 'val',
}
config = 'baselines/millimamba_small_unscored_simhupr'

_networks = {
    'milliMamba, small': ('baselines/millimamba_small_unscored_simhupr', dict(max_epochs=10)),
    'milliMamba, narrow': ('ablations/millimamba_narrow_simhupr', {}),
    'HuPR, narrow': ('baselines/hupr_small_simhupr', {}),
    'TransHuPR, narrow': ('baselines/transhupr_small_simhupr', {}),
    'mm-Pose, narrow': ('baselines/mmpose_small_simhupr', {}),
}
rows = [
    dict(name=f'{name}, {rate}', group=name, config=config, options={**extra, 'optim_wrapper.optimizer.lr': rate})
    for name, (config, extra) in _networks.items()
    for rate in (1e-3, 2e-3, 4e-3)
]
