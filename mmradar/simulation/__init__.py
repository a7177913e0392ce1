"""Simulator of radar recordings of people: motion -> body -> scattering -> antennas -> ADC samples.

It uses ``mmradar.radar`` and nothing above it.
"""

from mmradar.simulation.body import BodySurface, Scatterers, Skin
from mmradar.simulation.camera import Camera
from mmradar.simulation.fingerprint import check_fingerprint
from mmradar.simulation.frames import AliasingWarning, SimulationError, simulate_frames, simulate_profiles
from mmradar.simulation.hupr_writer import simulate_sequence, write_hupr_dataset
from mmradar.simulation.motion_files import read_motion
from mmradar.simulation.motion_sequence import MotionSequence
from mmradar.simulation.motions import MOTIONS
from mmradar.simulation.motions.style import Style
from mmradar.simulation.performance import Performance
from mmradar.simulation.plan import PLANS, SPLITS, CompactForm, Extras, SimulationPlan
from mmradar.simulation.recorded_plan import RecordedClip, RecordedPlan
from mmradar.simulation.routine import Act, Routine
from mmradar.simulation.scene import FLOOR, Curtain, Fan, Interferer, Person, Scene
from mmradar.simulation.sensor import HUPR_MOUNTINGS, Mirror, Mounting, RadarSensor
from mmradar.simulation.skeleton import JOINT_NAMES, Subject, forward_kinematics

__all__ = [
    'FLOOR',
    'HUPR_MOUNTINGS',
    'JOINT_NAMES',
    'MOTIONS',
    'PLANS',
    'SPLITS',
    'Act',
    'AliasingWarning',
    'BodySurface',
    'Camera',
    'CompactForm',
    'Curtain',
    'Extras',
    'Fan',
    'Interferer',
    'Mirror',
    'MotionSequence',
    'Mounting',
    'Performance',
    'Person',
    'RadarSensor',
    'RecordedClip',
    'RecordedPlan',
    'Routine',
    'Scatterers',
    'Scene',
    'SimulationError',
    'SimulationPlan',
    'Skin',
    'Style',
    'Subject',
    'check_fingerprint',
    'forward_kinematics',
    'read_motion',
    'simulate_frames',
    'simulate_profiles',
    'simulate_sequence',
    'write_hupr_dataset',
]
