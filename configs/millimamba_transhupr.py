# milliMamba on TransHuPR. Its file layout, splits and number of loops are not public: this assumes HuPR's layout, 128
# loops (inferred from the paper's cube of 12 x 128 x 256), and reads the sequence numbers of each split from
# data/TransHuPR/splits.json: {"train": [...], "val": [...], "test": [...]}, in the order of the annotation files.
_base_ = 'millimamba_hupr.py'

data_root = 'data/TransHuPR'
radar = dict(preset='iwr1843_transhupr')
train_sequences = None
val_sequences = None
test_sequences = None
