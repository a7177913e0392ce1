# PoseTrack of the given `year`. Annotations and images lie below data_root, as published.
_base_ = 'recorded_video.py'

train_annotations = 'annotations/train'
val_annotations = 'annotations/val'
# Validation and test use the annotated boxes. Published figures of top-down methods use detected ones: name the file in
# `detections`, and see glsmamba_base_posetrack18_detected.py for the two numbers.
detections = None
min_box_score = 0.0
nms_thr = None
bad_boxes = 'error'
dataset = dict(type='PoseTrackVideoDataset', year='${year}', bad_boxes='${bad_boxes}')
train_dataloader = dict(dataset=dataset)
val_dataloader = dict(
    dataset=dict(**dataset, bbox_file='${detections}', filter_cfg=dict(bbox_score_thr='${min_box_score}'))
)
val_evaluator = dict(
    type='PoseTrackAP', year='${year}', ann_file='${data_root}/${val_annotations}', nms_thr='${nms_thr}'
)
