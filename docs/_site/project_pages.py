"""mkdocs hook: the README of each project becomes a page of the site, with the files that it links to.

Pages and READMEs link to each other's files, so that the links work in the repository, too.
"""

import re
from pathlib import Path

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[2]


def on_files(files: Files, config) -> Files:
    """Add one page for each project."""
    for name in ('hummuss', 'glsmamba'):
        readme = ROOT / 'projects' / name / 'README.md'
        content = readme.read_text().replace('](../../docs/', '](../')
        files.append(File.generated(config, f'projects/{name}.md', content=content))
        for linked in sorted((readme.parent / 'docs').glob('*')):
            if linked.suffix == '.md':
                source = dict(content=linked.read_text().replace('](../README.md', f'](../{name}.md'))
            else:
                source = dict(abs_src_path=str(linked))
            files.append(File.generated(config, f'projects/docs/{linked.name}', **source))
    return files


def on_page_markdown(markdown: str, **kwargs) -> str:
    """Point links to a project's README to its page."""
    return re.sub(r'\]\(\.\./projects/(\w+)/README\.md', r'](projects/\1.md', markdown)
