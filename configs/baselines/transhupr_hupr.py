# A baseline of the paper's comparison of methods: TransHuPR, as far as it is known, on milliMamba's own input and
# schedule, so that the comparison is of the networks. Its code and the details of its network are not public; sizes are
# our choice, see docs/open_choices.md.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/inputs/heatmap_3d.py',
    '../_base_/datasets/hupr.py',
    '../_base_/models/transhupr.py',
    '../_base_/schedules/adam_20e.py',
]
