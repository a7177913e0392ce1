# The rows of paper.py on TransHuPR, whose numbers are in tables 2 and 4 to 8. millimamba_transhupr.py says what is
# assumed of its files.
_base_ = 'paper.py'

name = 'paper_transhupr'
config = 'millimamba_transhupr'
options = {
    'data_root': 'data/TransHuPR',
    'radar.preset': 'iwr1843_transhupr',
    'train_sequences': None,
    'val_sequences': None,
    'test_sequences': None,
}
