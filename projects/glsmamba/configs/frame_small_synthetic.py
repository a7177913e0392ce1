# The single-frame network alone, which the video models start from and freeze. A clip is one frame, so that training
# sees many more images in the same time. As in the images that such networks are usually trained on, little is hidden:
# at most four small objects are in front of the person. The video models then learn from hard clips, in which much is
# hidden; frame_hard_synthetic.py trains this network on the same hard frames.
_base_ = '_base_/synthetic_video.py'

num_frames = 1
batch_size = 32
num_workers = 2
train_clips = 4800
max_epochs = 6
train_dataloader = dict(dataset=dict(occluders=4, occluder_size=0.13))
model = dict(frozen=[])
