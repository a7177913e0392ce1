# The light variant: range bins 31 to 94 only (1.2 to 3.5 m, HuPR's own crop), a quarter of the tokens. It is the
# reference for the ablations of 4D heatmaps and density maps in configs/ablations.
_base_ = 'millimamba_hupr.py'

range_bins = (31, 95)
