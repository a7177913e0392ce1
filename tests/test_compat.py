import importlib.metadata
import subprocess
import sys

import pytest
import torch

from conftest import REPOSITORY
from mmradar import compat
from mmradar.registry import DATASETS, HOOKS, METRICS, MODELS, TRANSFORMS


def test_everything_of_mmpose_imports():
    from mmpose.models.heads import RTMOHead  # the one that wants mmdet

    assert issubclass(RTMOHead, torch.nn.Module)


def test_a_stand_in_says_what_is_missing_when_it_is_called():
    from mmdet.utils import reduce_mean

    if not compat.is_stand_in('mmdet.utils'):
        pytest.skip('mmdet is installed')
    with pytest.raises(compat.MissingPackageError, match='mmdet.utils.reduce_mean was called.*install mmdet'):
        reduce_mean(torch.zeros(1))


def test_an_op_of_mmcv_lite_raises_where_it_is_called():
    if not compat.is_stand_in('mmcv._ext'):
        pytest.skip('the compiled mmcv is installed')
    from mmcv.ops import batched_nms

    with pytest.raises(compat.MissingPackageError, match='install the full mmcv'):
        batched_nms(
            torch.rand(3, 4), torch.rand(3), torch.zeros(3, dtype=torch.long), dict(type='nms', iou_threshold=0.5)
        )


def test_real_packages_are_never_hidden(tmp_path):
    package = tmp_path / 'mmdet'
    package.mkdir()
    (package / '__init__.py').write_text('real = True\n')
    (package / 'utils.py').write_text('reduce_mean = ConfigType = "real"\n')
    code = 'import mmradar, mmdet.utils; print(mmdet.real, mmdet.utils.reduce_mean)'
    out = subprocess.run([sys.executable, '-c', code], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert out.strip() == 'True real'


def test_a_package_that_is_there_but_broken_is_stood_in_for_with_a_notice(tmp_path):
    package = tmp_path / 'xtcocotools'
    package.mkdir()
    (package / '__init__.py').write_text('')
    (package / 'mask.py').write_text('raise ValueError("numpy.dtype size changed")\n')
    code = 'import mmradar, mmpose.datasets, xtcocotools.coco; print(mmradar.compat.is_stand_in("xtcocotools.coco"))'
    done = subprocess.run([sys.executable, '-c', code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert (
        done.stdout.strip() == 'True'
        and 'xtcocotools is installed but cannot be imported (numpy.dtype size changed)' in done.stderr
    )


def test_annotations_are_read_without_xtcocotools(tmp_path):
    """mmpose's COCO-style data sets read their files with pycocotools; its whole-body evaluation stays missing."""
    package = tmp_path / 'xtcocotools'
    package.mkdir()
    (package / '__init__.py').write_text('')
    (package / 'mask.py').write_text('raise ValueError("numpy.dtype size changed")\n')
    (tmp_path / 'annotations.json').write_text('{"images": [{"id": 7}], "annotations": [], "categories": []}')
    code = """
import mmradar
from mmpose.datasets.datasets.base.base_coco_style_dataset import COCO
from xtcocotools.cocoeval import COCOeval
print(COCO('annotations.json').getImgIds())
COCOeval()
"""
    done = subprocess.run([sys.executable, '-c', code], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.strip().endswith('[7]') and 'install xtcocotools' in done.stderr.splitlines()[-1]


def test_radar_needs_neither_mmengine_nor_a_model():
    names = ('mmengine', 'mmpose', 'mmcv', 'mmradar.models', 'mmradar.datasets')
    code = f'import sys; from mmradar.radar import heatmap_3d; print([m for m in {names} if m in sys.modules])'
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == '[]'


@pytest.mark.parametrize(
    'registry, name, scope',
    [
        (MODELS, 'CVMamba', 'mmradar'),
        (MODELS, 'OKSLoss', 'mmradar'),
        (MODELS, 'TopdownPoseEstimator', 'mmpose'),
        (DATASETS, 'HuPRDataset', 'mmradar'),
        (TRANSFORMS, 'Heatmap3D', 'mmradar'),
        (METRICS, 'HuPRMetric', 'mmradar'),
        (METRICS, 'PCKAccuracy', 'mmradar'),  # mmpose's, with our rule for what is not finite
        (METRICS, 'AUC', 'mmpose'),
        (HOOKS, 'ExpMomentumEMA', None),
        (HOOKS, 'CheckpointHook', 'mmengine'),
    ],
)
def test_names_are_found_in_our_scope_then_mmpose_s_then_mmengine_s(registry, name, scope):
    found = registry.get(name)
    assert (found.__module__.split('.')[0] if found else None) == scope


@pytest.mark.parametrize('version, found', [(None, 'found none'), ('1.2.0', 'found 1.2.0')])
def test_a_missing_or_other_mmpose_is_named_with_the_command_that_installs_it(monkeypatch, version, found):
    def installed(name):
        if version is None:
            raise importlib.metadata.PackageNotFoundError(name)
        return version

    monkeypatch.setattr(importlib.metadata, 'version', installed)
    with pytest.raises(ImportError, match=rf'needs mmpose 1.3, {found}.*\n.*pip install --no-deps mmpose==1.3.2'):
        compat.check_mmpose()


def test_mmpose_is_checked_when_the_registry_is_imported():
    code = (
        'import importlib.metadata as m, sys; real = m.version\n'
        "m.version = lambda name: '1.2.0' if name == 'mmpose' else real(name)\n"
        'import mmradar.radar; import mmradar.registry'
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, cwd=REPOSITORY)
    assert done.returncode == 1 and 'needs mmpose 1.3, found 1.2.0' in done.stderr
