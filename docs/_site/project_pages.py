"""mkdocs hook: the README of each project becomes a page of the site, with the files that it links to."""

from pathlib import Path

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[2]


def on_files(files: Files, config) -> Files:
    """Add one page for each project."""
    for name in ('hummuss', 'glsmamba'):
        readme = ROOT / 'projects' / name / 'README.md'
        files.append(File.generated(config, f'projects/{name}.md', content=readme.read_text()))
        for linked in sorted((readme.parent / 'docs').glob('*')):
            files.append(File.generated(config, f'projects/docs/{linked.name}', abs_src_path=str(linked)))
    return files
