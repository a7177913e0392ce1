# PoseTrack of the given `year`. Annotations and images lie below data_root, as published.
_base_ = 'recorded_video.py'

train_annotations = 'annotations/train'
val_annotations = 'annotations/val'
dataset = dict(type='PoseTrackVideoDataset', year='${year}')
train_dataloader = dict(dataset=dataset)
val_dataloader = dict(dataset=dataset)
val_evaluator = dict(type='PoseTrackAP', year='${year}', ann_file='${data_root}/${val_annotations}')
