# What baselines that see no radar data share.
_base_ = ['default_runtime.py', 'inputs/no_radar.py', 'schedules/fit.py']
