# The pose of the training sample whose heatmaps are nearest, after pooling to 4 angles, 2 Doppler and 8 range bins. All
# of it is our choice; finer cells were worse on a small simulated set.
model = dict(type='NearestNeighbour', pooled_size=(4, 2, 8), metric='euclidean')
