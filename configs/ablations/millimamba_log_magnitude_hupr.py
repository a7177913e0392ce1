# Not in the paper: magnitudes on a logarithmic scale, on which weak echoes count too.
_base_ = 'millimamba_magnitude_hupr.py'

channel_mode = 'log_magnitude'
