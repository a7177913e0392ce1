# Fourth of the trainings behind millimamba-small: longer, with more people who walk through the room, wave and jump.
_base_ = 'millimamba_small_3.py'

load_from = 'work_dirs/millimamba_small_average.pth'
people = [dict(_base_.people[0], data_root='data/simhupr-varied-e'), *_base_.people]
max_epochs = 11
