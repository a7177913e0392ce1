import contextlib
import io

from mmradar.cli import progress_bar


def test_a_line_every_tenth_of_the_way(capsys):
    show = progress_bar('batches', width=10)
    with contextlib.redirect_stdout(io.StringIO()) as elsewhere:
        for done in range(41):
            show(done, 40)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 11 and not elsewhere.getvalue()
    assert lines[0].startswith('[          ] 0/40 batches') and lines[-1].startswith('[##########] 40/40 batches')
    assert lines[5].startswith('[#####     ] 20/40 batches') and lines[5].endswith(' s left')


def test_nothing_to_do(capsys):
    progress_bar('sequences')(0, 0)
    assert '0/0 sequences' in capsys.readouterr().out
