"""List the models that come with the package and with installed plugins, with their results."""

from __future__ import annotations

import argparse

from mmradar.published_models import published_models


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--check', action='store_true', help='compare the weight files with their hashes')


def main(args: argparse.Namespace) -> None:
    for model in published_models().values():
        if args.check:
            model.check()
        size = f'{model.checkpoint.stat().st_size / 1e6:.1f} MB'
        print(f'{model.name}    configuration {model.config}, {size}{", as published" if args.check else ""}')
        for key, value in model.metadata.items():
            print(f'    {key}: {value}')
        for result in model.results:
            figures = ', '.join(f'{key} {value}' for key, value in result['Metrics'].items())
            print(f'    {result["Dataset"]}: {figures}')
