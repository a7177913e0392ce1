# What short trainings on sequences share: log-magnitudes of the light crop, and Muon.
_base_ = ['default_runtime.py', 'inputs/log_heatmap_3d.py', 'schedules/muon.py']
