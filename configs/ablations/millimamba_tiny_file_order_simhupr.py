# Not in the paper, which leaves the order open: the tiny network with the twelve antennas of the angle transform in the
# firing order of their transmitters; the table of all orders is in docs/radar_processing.md.
_base_ = '../millimamba_tiny_simhupr.py'

antenna_order = 'file'
