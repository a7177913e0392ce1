"""Estimators, which combine backbone, head and losses."""

from hummuss.models.estimators.action_recognizer import HumMUSSActionRecognizer, nearest_exemplar
from hummuss.models.estimators.lifter import HumMUSSLifter
from hummuss.models.estimators.mean_mesh import MeanMesh
from hummuss.models.estimators.mesh_recoverer import HumMUSSMeshRecoverer

__all__ = ['HumMUSSActionRecognizer', 'HumMUSSLifter', 'HumMUSSMeshRecoverer', 'MeanMesh', 'nearest_exemplar']
