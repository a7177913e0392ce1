"""Estimator of a person's pose in the middle frame of a clip."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
from jaxtyping import Float
from mmengine.structures import PixelData
from mmpose.models.pose_estimators import TopdownPoseEstimator
from mmpose.utils.typing import SampleList
from torch import Tensor, nn

from mmradar.engine.checkpoint import check_finite, read_checkpoint
from mmradar.errors import CheckpointError, ConfigError
from mmradar.registry import MODELS

_PARTS = ('backbone', 'upsampling', 'neck', 'head')


@MODELS.register_module()
class VideoTopdownPoseEstimator(TopdownPoseEstimator):
    """Estimator of the key frame's heatmaps from one person's crops in several frames (GLSMamba, overall architecture).

    mmpose's top-down estimator with an additional frame axis: the backbone and the upsampling process every frame
    independently, the neck processes all frames together. Losses, codecs, flip test (of every frame) and decoding are
    mmpose's, through its heads.

    Frozen parts have no gradients and stay in evaluation mode while the rest is trained. Where nothing before them is
    trained, they run without a graph, so that they need no memory for activations in training.

    Args:
        backbone: Encoder of single frames, such as ``PlainViT``, or one of mmpretrain's if that is installed.
        upsampling: Upsampling of the features of single frames, such as ``Deconvolutions``; none by default.
        neck: Module over all frames, (B, T, C, h, w) to (B, D, h, w), such as ``GLSMamba``. Without a neck, only the
            key frame, T // 2, is used.
        head: mmpose's ``HeatmapHead``, or another head that takes one feature map.
        frozen: Names of the parts that are not trained. The paper freezes the encoder, which gives features at a
            quarter of the image size: backbone and upsampling. Names of parts that the model lacks are ignored.
        test_cfg: mmpose's, and ``activations``: names of the neck's parts, such as ``['gsm', 'lrm']``. A prediction
            contains their activations of the key frame (:func:`activation_maps`); ``ClipPoseVisualizer`` draws them.
        train_cfg, data_preprocessor, metainfo, init_cfg: See mmpose's ``TopdownPoseEstimator``.

    Raises:
        ConfigError: If ``frozen`` or ``activations`` contain an unknown name, or the backbone needs mmpretrain and that
            is not installed.
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
        parts = [name for name, _ in self.neck.named_children()] if self.with_neck else []
        if unknown := [name for name in self.test_cfg.get('activations', ()) if name not in parts]:
            raise ConfigError(
                f'VideoTopdownPoseEstimator: test_cfg.activations must be a list of {", ".join(parts) or "nothing"}, '
                f"the neck's parts; found {unknown[0]!r}"
            )
        self.upsampling = MODELS.build(upsampling) if upsampling is not None else None
        self.frozen = tuple(part for part in frozen if getattr(self, part, None) is not None)
        for part in self.frozen:
            getattr(self, part).requires_grad_(False)

    def init_weights(self) -> None:
        """Initialise the weights; raise if a frozen part's checkpoint lacks some (mmengine would load those that fit).

        Raises:
            CheckpointError: If a frozen part's local checkpoint is missing, or lacks some of its weights.
        """
        for part in self.frozen:
            settings = getattr(self, part).init_cfg
            pretrained = isinstance(settings, Mapping) and settings.get('type') == 'Pretrained'
            if pretrained and '://' not in str(settings['checkpoint']):
                _load_all(settings['checkpoint'], settings.get('prefix'), getattr(self, part), part)
        super().init_weights()

    def train(self, mode: bool = True) -> VideoTopdownPoseEstimator:
        """Set training mode for all parts except the frozen ones."""
        super().train(mode)
        for part in getattr(self, 'frozen', ()):  # mmengine calls it in __init__ too
            getattr(self, part).eval()
        return self

    def _encode(self, frames: Float[Tensor, 'frames 3 height width']) -> Float[Tensor, 'frames channels h w']:
        features = self._run('backbone', frames)
        return features if self.upsampling is None else self._run('upsampling', features)

    def _run(self, part: str, x: Tensor) -> Tensor:
        """Return the output of a part; the last one of several."""
        # a frozen part needs a graph only if something before it is trained
        with torch.set_grad_enabled(torch.is_grad_enabled() and (part not in self.frozen or x.requires_grad)):
            output = getattr(self, part)(x)
        return output[-1] if isinstance(output, (tuple, list)) else output

    def extract_feat(self, inputs: Float[Tensor, 'batch frames 3 height width']) -> tuple[Tensor]:
        """Return the key frame's feature map, as a tuple of one element.

        Raises:
            ValueError: If inputs do not have the five axes of clips.
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

    def predict(self, inputs: Float[Tensor, 'batch frames 3 height width'], data_samples: SampleList) -> SampleList:
        """Predict poses; with ``test_cfg.activations``, each sample has a field ``activations``."""
        names = self.test_cfg.get('activations', ())
        if not names:
            return super().predict(inputs, data_samples)
        with activation_maps(self.neck, names) as maps:
            results = super().predict(inputs, data_samples)
        for index, sample in enumerate(results):
            key_frame = {name: x[index, x.shape[1] // 2][None] for name, x in maps.items()}
            # the order, too, which fields do not keep
            maps_of_sample = PixelData(metainfo=dict(parts=tuple(names)), **key_frame)
            sample.set_field(maps_of_sample, 'activations', dtype=PixelData)
        return results


@contextmanager
def activation_maps(neck: nn.Module, names: Sequence[str]) -> Iterator[dict[str, Tensor]]:
    """Record the activations of a neck's parts within a block, in its first forward pass (flip test adds a second one).

    An activation is the Euclidean norm over the channels of a token (our choice; the paper does not define its maps).

    Args:
        neck: Neck whose parts return (batch, frames, rows, columns, channels).
        names: Names of the parts.

    Yields:
        The maps (batch, frames, rows, columns) by name, empty before the forward pass.
    """
    maps: dict[str, Tensor] = {}

    def recorder(name: str) -> Callable[[nn.Module, tuple, Tensor], None]:
        def record(module: nn.Module, inputs: tuple, output: Tensor) -> None:
            if name not in maps:
                maps[name] = output.detach().norm(dim=-1)

        return record

    hooks = [neck.get_submodule(name).register_forward_hook(recorder(name)) for name in names]
    try:
        yield maps
    finally:
        for hook in hooks:
            hook.remove()


def _load_all(source: str, prefix: str | None, module: nn.Module, part: str) -> None:
    path = Path(source)
    if not path.is_file():
        raise CheckpointError(
            f'no checkpoint at {path}, from which the frozen {part} starts. If it is in work_dirs, train the '
            f'configuration of that name first ({path.parent.name}.py); if it is a published one, download it to there'
        )
    content = read_checkpoint(path)
    prefix = f'{prefix.rstrip(".")}.' if prefix else ''
    state = content.get('state_dict', content)
    state = {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}
    try:
        wrong = module.load_state_dict(state, strict=False).missing_keys
    except RuntimeError as error:  # one line per weight of another size
        wrong = [line.strip() for line in str(error).splitlines()[1:]]
    wrong = [weight for weight in wrong if not weight.endswith('num_batches_tracked')]
    if wrong:
        there = sorted({key.split('.')[0] + '.' for key in content.get('state_dict', content)})
        raise CheckpointError(
            f'{path} lacks {len(wrong)} weights of the frozen {part}, or has them in another size, below {prefix!r}: '
            f'{wrong[0]}. The rest would stay as it was drawn. Is it of another model? It has weights below '
            f'{", ".join(there)}'
        )
    check_finite({prefix + key: value for key, value in state.items()}, str(path))
