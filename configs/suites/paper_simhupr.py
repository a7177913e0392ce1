# The rows of paper.py on a simulated set of raw frames (python tools/simulate.py data/simhupr), which stands in for the
# others: --data-root FOLDER takes any set in HuPR's layout that has a splits.json, with a --work-dir for each set.
_base_ = 'paper.py'

name = 'paper_simhupr'
config = 'millimamba_simhupr'
options = dict(data_root='data/simhupr', train_sequences=None, val_sequences=None, test_sequences=None)
