"""Data sets of moving people."""

from hummuss.datasets.class_pair_sampler import ClassPairSampler
from hummuss.datasets.human36m_lifting_dataset import Human36mLiftingDataset
from hummuss.datasets.mesh_recovery_dataset import MeshRecoveryDataset
from hummuss.datasets.motion_action_dataset import MotionActionDataset
from hummuss.datasets.motion_lifting_dataset import MotionLiftingDataset
from hummuss.datasets.mpi_inf_3dhp_dataset import MPIINF3DHPDataset
from hummuss.datasets.ntu_rgbd_skeleton_dataset import NTURGBDSkeletonDataset

__all__ = [
    'ClassPairSampler',
    'Human36mLiftingDataset',
    'MPIINF3DHPDataset',
    'MeshRecoveryDataset',
    'MotionActionDataset',
    'MotionLiftingDataset',
    'NTURGBDSkeletonDataset',
]
