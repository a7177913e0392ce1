# Actions of NTU RGB+D, cross-view (X-View). Not run on the data itself.
_base_ = 'hummuss_action_ntu60.py'

protocol = 'xview'
