"""Motion -> body -> scattering -> antennas -> ADC samples. Uses ``mmradar.radar`` and nothing above it."""

from mmradar.simulation.body import BodySurface
from mmradar.simulation.camera import Camera
from mmradar.simulation.hupr_writer import SimulationError, SimulationPlan, simulate_sequence, write_hupr_dataset
from mmradar.simulation.motion import MOTIONS, Performance, Style
from mmradar.simulation.scene import Scene
from mmradar.simulation.sensor import HUPR_MOUNTINGS, Mounting, RadarSensor
from mmradar.simulation.skeleton import JOINT_NAMES, Subject, forward_kinematics

__all__ = [
    'HUPR_MOUNTINGS',
    'JOINT_NAMES',
    'MOTIONS',
    'BodySurface',
    'Camera',
    'Mounting',
    'Performance',
    'RadarSensor',
    'Scene',
    'SimulationError',
    'SimulationPlan',
    'Style',
    'Subject',
    'forward_kinematics',
    'simulate_sequence',
    'write_hupr_dataset',
]
