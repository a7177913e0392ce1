"""Puts the project on the path; before anything of mmpose, mmradar and its stand-ins."""

import sys
from pathlib import Path

import mmradar  # noqa: F401

sys.path.insert(0, str(Path(__file__).parents[1]))
