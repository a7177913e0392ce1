"""mmpose meta files (joints, limbs, sigmas) of the data sets."""

from pathlib import Path

from mmradar.metainfo.hupr import SIGMAS as HUPR_SIGMAS

HUPR_METAINFO = dict(from_file=str(Path(__file__).with_name('hupr.py')))
# HuPR numbers the images of all sequences as sequence * 100000 + frame
FRAMES_OF_ID = 100_000

__all__ = ['FRAMES_OF_ID', 'HUPR_METAINFO', 'HUPR_SIGMAS']
