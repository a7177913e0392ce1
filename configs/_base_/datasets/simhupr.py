# A simulated set in HuPR's layout: python tools/simulate.py data/simhupr
_base_ = 'hupr.py'

data_root = 'data/simhupr'
train_sequences = None  # all that the annotation file has
val_sequences = None
test_sequences = None
