# One cycle over the whole of a short training. One schedule and no list of them, so that a configuration says its
# eta_max and its total_steps (epochs) only, and a longer training the latter.
param_scheduler = dict(type='OneCycleLR', pct_start=0.15, by_epoch=True, convert_to_iter_based=True)
