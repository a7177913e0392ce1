"""Imports mmradar first: tests import mmpose, which needs its stand-ins."""

import mmradar  # noqa: F401
