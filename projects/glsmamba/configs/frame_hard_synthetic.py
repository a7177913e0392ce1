# The single-frame network trained with the hard frames that the video models learn from: what one frame can tell.
_base_ = 'frame_small_synthetic.py'

train_dataloader = dict(dataset=dict(occluders=None, occluder_size=None))
