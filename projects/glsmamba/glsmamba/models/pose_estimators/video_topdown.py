"""The estimator of a person's pose in the middle frame of a clip."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from jaxtyping import Float
from mmpose.models.pose_estimators import TopdownPoseEstimator
from torch import Tensor, nn

from mmradar.engine.checkpoint import check_finite, read_checkpoint
from mmradar.errors import CheckpointError, ConfigError
from mmradar.registry import MODELS

_PARTS = ('backbone', 'upsampling', 'neck', 'head')


@MODELS.register_module()
class VideoTopdownPoseEstimator(TopdownPoseEstimator):
    """Heatmaps of the key frame from crops of one person in several frames (GLSMamba, overall architecture).

    mmpose's top-down estimator with one more axis: the backbone and the upsampling see every frame by itself, the neck
    all of them. Losses, codecs, flip test (of every frame) and decoding are mmpose's, through its heads.

    Frozen parts have no gradients, stay in evaluation mode while the rest is trained, and where nothing in front of
    them learns run without a graph, so that they cost no memory in training.

    Args:
        backbone: Encoder of single frames, such as ``PlainViT``, or one of mmpretrain's where that is installed.
        upsampling: Of single frames' features, such as ``Deconvolutions``; none by default.
        neck: Over all frames, (B, T, C, h, w) to (B, D, h, w), such as ``GLSMamba``. Without it only the key frame,
            T // 2, is looked at.
        head: mmpose's ``HeatmapHead``, or another that takes one feature map.
        frozen: Parts that are not trained. The paper freezes the encoder that gives the features of a quarter of the
            image: backbone and upsampling. Parts that there are not are left out.
        train_cfg, test_cfg, data_preprocessor, metainfo, init_cfg: As mmpose's ``TopdownPoseEstimator``.

    Raises:
        ConfigError: ``frozen`` names no part, or the backbone is mmpretrain's, which is not installed.
    """

    def __init__(
        self,
        backbone: dict,
        upsampling: dict | None = None,
        neck: dict | None = None,
        head: dict | None = None,
        frozen: Sequence[str] = ('backbone', 'upsampling'),
        train_cfg: dict | None = None,
        test_cfg: dict | None = None,
        data_preprocessor: dict | None = None,
        metainfo: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        if isinstance(frozen, str) or (unknown := [part for part in frozen if part not in _PARTS]):
            found = frozen if isinstance(frozen, str) else unknown
            raise ConfigError(
                f'VideoTopdownPoseEstimator: frozen must be a list of {", ".join(_PARTS)}; found {found!r}'
            )
        if str(backbone.get('type')).startswith('mmpretrain.') and importlib.util.find_spec('mmpretrain') is None:
            raise ConfigError(
                f'the backbone {backbone["type"]} needs mmpretrain, which is not installed: pip install mmpretrain, or '
                "for ViTPose take PlainViT, which loads the same checkpoints: arch='small', 'base', 'large' or 'huge'"
            )
        super().__init__(
            backbone=backbone,
            neck=neck,
            head=head,
            train_cfg=train_cfg,
            test_cfg=test_cfg,
            data_preprocessor=data_preprocessor,
            init_cfg=init_cfg,
            metainfo=metainfo,
        )
        self.upsampling = MODELS.build(upsampling) if upsampling is not None else None
        self.frozen = tuple(part for part in frozen if getattr(self, part, None) is not None)
        for part in self.frozen:
            getattr(self, part).requires_grad_(False)

    def init_weights(self) -> None:
        """As mmengine's, which loads what fits of a checkpoint: here all of a frozen part must come from it.

        Raises:
            CheckpointError: A frozen part's local checkpoint is missing, or lacks some of its weights.
        """
        for part in self.frozen:
            settings = getattr(self, part).init_cfg
            pretrained = isinstance(settings, Mapping) and settings.get('type') == 'Pretrained'
            if pretrained and '://' not in str(settings['checkpoint']):
                _load_all(settings['checkpoint'], settings.get('prefix'), getattr(self, part), part)
        super().init_weights()

    def train(self, mode: bool = True) -> VideoTopdownPoseEstimator:
        """Training mode for all but the frozen parts."""
        super().train(mode)
        for part in getattr(self, 'frozen', ()):  # mmengine calls it in __init__, too
            getattr(self, part).eval()
        return self

    def _encode(self, frames: Float[Tensor, 'frames 3 height width']) -> Float[Tensor, 'frames channels h w']:
        features = self._run('backbone', frames)
        features = features[-1] if isinstance(features, (tuple, list)) else features
        return features if self.upsampling is None else self._run('upsampling', features)

    def _run(self, part: str, x: Tensor) -> Tensor | tuple[Tensor, ...]:
        # a frozen part needs a graph only if something in front of it learns
        with torch.set_grad_enabled(torch.is_grad_enabled() and (part not in self.frozen or x.requires_grad)):
            return getattr(self, part)(x)

    def extract_feat(self, inputs: Float[Tensor, 'batch frames 3 height width']) -> tuple[Tensor]:
        """The key frame's feature map, the only element of a tuple.

        Raises:
            ValueError: Inputs that are no clips.
        """
        if inputs.ndim != 5:
            raise ValueError(
                f'VideoTopdownPoseEstimator takes (batch, frames, 3, height, width), found {tuple(inputs.shape)}; '
                'the data_preprocessor for clips is VideoPoseDataPreprocessor'
            )
        if not self.with_neck:
            return (self._encode(inputs[:, inputs.shape[1] // 2]),)
        features = self._encode(inputs.flatten(0, 1)).unflatten(0, inputs.shape[:2])
        return (self.neck(features),)


def _load_all(source: str, prefix: str | None, module: nn.Module, part: str) -> None:
    path = Path(source)
    if not path.is_file():
        raise CheckpointError(
            f'no checkpoint at {path}, from which the frozen {part} starts. If it is of work_dirs, train the '
            f'configuration of that name first ({path.parent.name}.py); if it is a published one, download it to there'
        )
    content = read_checkpoint(path)
    prefix = f'{prefix.rstrip(".")}.' if prefix else ''
    state = content.get('state_dict', content)
    state = {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}
    try:
        wrong = module.load_state_dict(state, strict=False).missing_keys
    except RuntimeError as error:  # weights of another size, a line each
        wrong = [line.strip() for line in str(error).splitlines()[1:]]
    wrong = [weight for weight in wrong if not weight.endswith('num_batches_tracked')]
    if wrong:
        raise CheckpointError(
            f'{path} lacks {len(wrong)} weights of the frozen {part}, or has them in another size, below {prefix!r}: '
            f'{wrong[0]}. The rest would stay as it was drawn. Is it of another model?'
        )
    check_finite({prefix + key: value for key, value in state.items()}, str(path))
