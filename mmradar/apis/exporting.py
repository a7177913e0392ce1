"""Export of a model to a file that runs without mmradar."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import torch
from jaxtyping import Float
from mmengine.model import BaseModel
from mmpose.models.pose_estimators.base import BasePoseEstimator
from torch import Tensor, nn

from mmradar.apis.complexity import heatmap_shape
from mmradar.apis.data_folders import datasets_of
from mmradar.apis.models import config_of
from mmradar.atomic_write import atomic_write
from mmradar.errors import ConfigError
from mmradar.models.layers.vision_mamba import DirectedScan
from mmradar.ops import torch_forms_only
from mmradar.structures import RadarWindow

FORMATS = ('onnx', 'torch')
_MOST_TOKENS = 512  # the longest sequence over which a scan is unrolled


class WindowModel(nn.Module):
    """Module that maps the heatmaps of windows to the keypoints of their key frames.

    Args:
        model: See :func:`~mmradar.apis.init_model`; its head decodes two coordinates of every joint in all frames.
        window: The model's window.
        image_size: (width, height) of the image that keypoints refer to, px.
    """

    image_size: Tensor

    def __init__(self, model: BasePoseEstimator, window: RadarWindow, image_size: tuple[float, float]) -> None:
        super().__init__()
        self.model, self.key_index = model, window.key_index
        self.register_buffer('image_size', torch.tensor(image_size, dtype=torch.float32))

    def forward(
        self, inputs: Float[Tensor, 'batch frames views channels angle doppler range']
    ) -> tuple[Float[Tensor, 'batch joints 2'], Float[Tensor, 'batch joints']]:
        """Predict the keypoints of the key frames, in px, and their scores, which are 1 if the head has none."""
        head = self.model.head
        outputs, score_logits = head.outputs_and_scores(self.model.extract_feat(inputs))
        keypoints = head.codec.activate(outputs.float())[:, self.key_index] * self.image_size
        if score_logits is None:
            return keypoints, torch.ones_like(keypoints[..., 0])
        return keypoints, score_logits.float().sigmoid()[:, self.key_index]


def export(model: BaseModel, out: str | Path, format: str = 'onnx', example: Tensor | None = None) -> Path:
    """Write a model as ONNX or as torch's exported program, with a batch size of one window.

    The selective scan is unrolled into one step per token, so that the file needs no operator of mmradar. This would
    make the file too large for a model whose sequences are longer than 512 tokens.

    Args:
        model: See :func:`~mmradar.apis.init_model`.
        out: File to write, ``.onnx`` or ``.pt2``.
        format: ``'onnx'`` (needs ``pip install 'mmradar[onnx]'``) or ``'torch'`` (read by ``torch.export.load``).
        example: An input (1, frames, views, channels, angle, Doppler, range); random if ``None``.

    Returns:
        Path of the file.

    Raises:
        ConfigError: The format is unknown, the file's suffix is not that of the format, the model does not decode two
            coordinates of all frames, or its sequences are too long.
    """
    endings = dict(onnx='.onnx', torch='.pt2')
    if format not in FORMATS:
        raise ConfigError(f'format must be one of {", ".join(FORMATS)}, found {format!r}')
    if Path(out).suffix != endings[format]:
        raise ConfigError(f'a file of format {format} ends in {endings[format]}, found {out}')
    config = config_of(model)
    settings = next(datasets_of(config.test_dataloader))
    window = RadarWindow.build(settings['window'])
    if (
        not isinstance(model, BasePoseEstimator)
        or getattr(model.head, 'key_frame_only', True)
        or tuple(model.head.codec.shape) != (2,)
    ):
        raise ConfigError('a model that decodes two coordinates of all frames can be exported; this one does not')
    if example is None:
        example = torch.randn(1, *heatmap_shape(config))
    width, height = settings.get('image_size') or (256, 256)
    function = WindowModel(model, window, (width, height)).eval()
    with _unrolled(model, function, example), torch.no_grad(), atomic_write(Path(out)) as file:
        if format == 'torch':
            torch.export.save(torch.export.export(function, (example,)), file)
        else:
            _check_onnx()
            program = torch.onnx.export(
                function,
                (example,),
                dynamo=True,
                verbose=False,
                input_names=['heatmaps'],
                output_names=['keypoints', 'scores'],
            )
            assert program is not None  # None is for dynamo=False
            file.write(program.model_proto.SerializeToString())
    return Path(out)


@contextlib.contextmanager
def _unrolled(model: nn.Module, function: nn.Module, example: Tensor) -> Iterator[None]:
    """Run a model's scans step by step within the block, so that tracing unrolls them.

    Args:
        model: The model with the scans.
        function: The module to export, which calls ``model``.
        example: An input of ``function``.

    Raises:
        ConfigError: A scan has too many steps.
    """
    scans = [module for module in model.modules() if isinstance(module, DirectedScan)]
    lengths: list[int] = []
    hooks = [scan.register_forward_pre_hook(lambda _, args: lengths.append(args[0].shape[1])) for scan in scans]
    with torch.no_grad():
        function(example)
    for hook in hooks:
        hook.remove()
    if max(lengths, default=0) > _MOST_TOKENS:
        raise ConfigError(
            f'the model scans {max(lengths):,} tokens, and an exported scan has a step for each, at most '
            f'{_MOST_TOKENS}: neither ONNX nor torch.export has an operator for it. Models whose tokens are maps, such '
            'as the small one, can be exported'
        )
    before = [scan.backend for scan in scans]
    for scan in scans:
        scan.backend = 'reference'
    try:
        with torch_forms_only():
            yield
    finally:
        for scan, backend in zip(scans, before):
            scan.backend = backend


def _check_onnx() -> None:
    """Raise if the packages that ONNX export needs are not installed."""
    try:
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise ConfigError(f"exporting ONNX needs {error.name}: pip install 'mmradar[onnx]'") from error
