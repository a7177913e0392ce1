# The light variant: range bins 31 to 94 only (1.2 to 3.5 m, HuPR's own crop), a quarter of the tokens. What 4D heatmaps
# and density maps (configs/ablations) are to be compared with.
_base_ = 'millimamba_hupr.py'

range_bins = (31, 95)
