import pytest

from mmradar.cli import check_output_file, check_picture_file
from mmradar.errors import ConfigError


def test_a_folder_in_place_of_the_file(tmp_path):
    with pytest.raises(ConfigError, match='is a folder; name a file in it'):
        check_output_file(tmp_path)
    check_output_file(tmp_path / 'new' / 'file')
    assert (tmp_path / 'new').is_dir() and not (tmp_path / 'new' / 'file').exists()
    check_output_file('file_in_the_current_folder')


@pytest.mark.parametrize('name', ['seen', 'seen.bin', 'seen.xyz'])
def test_pictures_of_no_format(name, tmp_path):
    with pytest.raises(ConfigError, match=f'{name} cannot be written: the name of a picture ends in one of .* .png'):
        check_picture_file(tmp_path / name)
    for good in ('seen.PNG', 'seen.pdf', 'new/seen.svg'):
        check_picture_file(tmp_path / good)
