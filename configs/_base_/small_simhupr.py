# Settings that networks share which learn limbs within minutes on two CPU cores, so that only the networks differ:
# log-magnitudes of the light crop and Muon, on the simulated set with many people
# (python tools/simulate.py data/simhupr --preset simhupr-v2-mini --form compact).
_base_ = ['on_sequences.py', 'datasets/simhupr.py']

val_batch_size = 16
num_workers = 1
