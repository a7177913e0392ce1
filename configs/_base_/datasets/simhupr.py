# A simulated set in HuPR's layout: python tools/simulate.py data/simhupr
_base_ = 'hupr.py'

data_root = 'data/simhupr'
train_sequences = None  # all in the annotation file
val_sequences = None
test_sequences = None
