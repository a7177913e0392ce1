# For baselines that look at labels alone: windows of two frames without radar data, of which the last is predicted.
num_frames = 2
key_frame = 'last'
pipeline = [dict(type='EmptyHeatmap'), dict(type='PackRadarInputs')]
