"""mmradar: human pose estimation from millimetre-wave radar, as a plugin of mmengine and mmpose."""

from mmradar.compat import install_stand_ins
from mmradar.version import __version__

# Before any import of mmpose, whose optional dependencies may be missing.
install_stand_ins()

__all__ = ['__version__']
