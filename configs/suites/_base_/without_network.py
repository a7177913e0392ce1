# The rows of baselines without a network, on a simulated set.
_without_network = [
    dict(name=name, group='Without a network', config=f'baselines/{config}_simhupr')
    for name, config in (
        ('mean pose', 'mean_pose'),
        ('mean pose at the true place and size (oracle)', 'placed_mean_pose'),
        ('nearest neighbour', 'nearest_neighbour'),
        ('true pose of the previous frame (oracle)', 'previous_frame'),
    )
]
