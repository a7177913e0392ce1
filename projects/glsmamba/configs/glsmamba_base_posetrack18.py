# GLSMamba with ViTPose-B on PoseTrack18. Not run on the data itself, which needs registration; tests train it for two
# iterations on files of its form. Annotations and images below data_root, as published.
_base_ = '_base_/posetrack.py'

data_root = 'data/posetrack18/'
train_dataloader = dict(dataset=dict(year=2018, data_root=data_root, ann_file='annotations/train'))
val_dataloader = dict(dataset=dict(year=2018, data_root=data_root, ann_file='annotations/val'))
test_dataloader = val_dataloader
val_evaluator = dict(year=2018, ann_file=data_root + 'annotations/val')
test_evaluator = val_evaluator
