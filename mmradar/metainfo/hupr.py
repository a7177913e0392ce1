"""HuPR's 14 joints as an mmpose dataset meta file (``Config.fromfile``)."""

_RIGHT, _LEFT, _MIDDLE = [255, 128, 0], [0, 200, 80], [51, 153, 255]

# falloff of each joint's OKS
SIGMAS = (0.107, 0.087, 0.089, 0.107, 0.087, 0.089, 0.1, 0.1, 0.079, 0.072, 0.062, 0.079, 0.072, 0.062)

dataset_info = dict(
    dataset_name='hupr',
    paper_info=dict(
        author='Lee, Shih-Po and Kini, Niraj Prakash and Peng, Wen-Hsiao and Ma, Ching-Wen and Hwang, Jenq-Neng',
        title='HuPR: A Benchmark for Human Pose Estimation Using Millimeter Wave Radar',
        container='Winter Conference on Applications of Computer Vision',
        year='2023',
        homepage='https://arxiv.org/abs/2210.12564',
    ),
    keypoint_info={
        0: dict(name='R_Hip', id=0, color=_RIGHT, type='lower', swap='L_Hip'),
        1: dict(name='R_Knee', id=1, color=_RIGHT, type='lower', swap='L_Knee'),
        2: dict(name='R_Ankle', id=2, color=_RIGHT, type='lower', swap='L_Ankle'),
        3: dict(name='L_Hip', id=3, color=_LEFT, type='lower', swap='R_Hip'),
        4: dict(name='L_Knee', id=4, color=_LEFT, type='lower', swap='R_Knee'),
        5: dict(name='L_Ankle', id=5, color=_LEFT, type='lower', swap='R_Ankle'),
        6: dict(name='Neck', id=6, color=_MIDDLE, type='upper', swap=''),
        7: dict(name='Head', id=7, color=_MIDDLE, type='upper', swap=''),
        8: dict(name='L_Shoulder', id=8, color=_LEFT, type='upper', swap='R_Shoulder'),
        9: dict(name='L_Elbow', id=9, color=_LEFT, type='upper', swap='R_Elbow'),
        10: dict(name='L_Wrist', id=10, color=_LEFT, type='upper', swap='R_Wrist'),
        11: dict(name='R_Shoulder', id=11, color=_RIGHT, type='upper', swap='L_Shoulder'),
        12: dict(name='R_Elbow', id=12, color=_RIGHT, type='upper', swap='L_Elbow'),
        13: dict(name='R_Wrist', id=13, color=_RIGHT, type='upper', swap='L_Wrist'),
    },
    skeleton_info={
        0: dict(link=('R_Wrist', 'R_Elbow'), id=0, color=_RIGHT),
        1: dict(link=('R_Elbow', 'R_Shoulder'), id=1, color=_RIGHT),
        2: dict(link=('L_Wrist', 'L_Elbow'), id=2, color=_LEFT),
        3: dict(link=('L_Elbow', 'L_Shoulder'), id=3, color=_LEFT),
        4: dict(link=('L_Shoulder', 'Neck'), id=4, color=_LEFT),
        5: dict(link=('R_Shoulder', 'L_Shoulder'), id=5, color=_MIDDLE),
        6: dict(link=('Head', 'Neck'), id=6, color=_MIDDLE),
        7: dict(link=('Neck', 'R_Hip'), id=7, color=_RIGHT),
        8: dict(link=('Neck', 'L_Hip'), id=8, color=_LEFT),
        9: dict(link=('L_Ankle', 'L_Knee'), id=9, color=_LEFT),
        10: dict(link=('L_Knee', 'L_Hip'), id=10, color=_LEFT),
        11: dict(link=('R_Ankle', 'R_Knee'), id=11, color=_RIGHT),
        12: dict(link=('R_Knee', 'R_Hip'), id=12, color=_RIGHT),
    },
    joint_weights=[1.0] * 14,
    sigmas=list(SIGMAS),
)
