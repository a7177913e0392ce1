# glsmamba_base_posetrack18.py with detected boxes in validation and test, as mmpose tests on PoseTrack18: its file of
# detections, those with a score of at least 0.4, and OKS-NMS. The same training; not run on the data itself. Any other
# PoseTrack configuration takes the three options from the command line.
_base_ = 'glsmamba_base_posetrack18.py'

detections = 'data/posetrack18/annotations/posetrack18_val_human_detections.json'
min_box_score = 0.4
nms_thr = 0.9
