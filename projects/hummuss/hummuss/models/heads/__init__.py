"""Heads for 3D joints, actions, embeddings and body parameters."""

from hummuss.models.heads.action_head import ActionHead, EmbeddingHead
from hummuss.models.heads.lifting_head import LiftingHead
from hummuss.models.heads.mesh_head import MeshHead, rotation_from_6d

__all__ = ['ActionHead', 'EmbeddingHead', 'LiftingHead', 'MeshHead', 'rotation_from_6d']
