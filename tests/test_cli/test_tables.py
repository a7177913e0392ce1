from mmradar.cli import markdown_table, percent_change


def test_tables_are_markdown():
    table = markdown_table(['rate', 'MPJPE'], [['x1', 12.34], ['x4', None]])
    assert table == '| rate | MPJPE |\n| --- | --- |\n| x1 | 12.3 |\n| x4 | - |'


def test_percent_change():
    assert percent_change(11.0, 10.0) == '+10.0 %'
    assert percent_change(9.5, 10.0) == '-5.0 %'
