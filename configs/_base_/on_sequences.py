# What short trainings on sequences share: log-magnitudes of the light crop, Muon, averaged weights.
_base_ = ['default_runtime.py', 'inputs/log_heatmap_3d.py', 'schedules/muon.py']

default_hooks = dict(ema=dict(type='EMAHook', ema_type='MomentumAnnealingEMA', momentum=0.002, gamma=10))
