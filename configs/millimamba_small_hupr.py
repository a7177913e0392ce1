# The small milliMamba on HuPR. Not measured: nobody of us has the data.
_base_ = ['_base_/on_sequences.py', '_base_/datasets/hupr.py', '_base_/models/millimamba_small.py']

train_sampler = dict(type='DisjointWindowSampler', shuffle=True)
max_epochs = 30
