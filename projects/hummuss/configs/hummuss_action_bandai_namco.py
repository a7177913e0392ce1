# Contents of Bandai Namco's motion data set 1, in styles that are not in the training. The names of its files do not
# tell who performs, so styles take the place of people. Put its BVH files, such as walk_old_001.bvh, below
# data/bandai_namco: https://github.com/BandaiNamcoResearchInc/Bandai-Namco-Research-Motiondataset (CC BY-NC 4.0)
_base_ = 'hummuss_action_small_motion.py'

# The contents that were performed in all styles; the others have only the style "normal"
classes = ['bow', 'bye', 'byebye', 'dash', 'guide', 'run', 'walk', 'walk-back', 'walk-left', 'walk-right']
num_frames = 48  # 4.7 s, most of a clip

recordings = dict(motion_files=['data/bandai_namco'], num_clips=0, views=3, short='pad')
train_dataloader = dict(dataset=recordings)
val_dataloader = dict(dataset=recordings)
test_dataloader = dict(dataset=recordings)

model = dict(head=dict(num_classes=10))
