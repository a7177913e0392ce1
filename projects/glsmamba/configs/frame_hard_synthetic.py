# The single-frame network trained on the hard frames of the video models: the baseline of what one frame can tell.
_base_ = 'frame_small_synthetic.py'

train_dataloader = dict(dataset=dict(occluders=None, occluder_size=None))
