# The single-frame network alone, which the video models start from and freeze. A clip is one frame, so that many more
# images are seen in the same time. As in the pictures that such networks are usually trained with, little is hidden: by
# four small things in front of the person at most. The video models then learn from hard clips, in which much is;
# frame_hard_synthetic.py is this network trained with the same.
_base_ = '_base_/synthetic_video.py'

num_frames = 1
batch_size = 32
num_workers = 2
train_clips = 4800
max_epochs = 6
train_dataloader = dict(dataset=dict(occluders=4, occluder_size=0.13))
model = dict(frozen=[])
