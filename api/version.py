"""The version of this service."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Final


def _find_version() -> str:
    try:
        return version("asset-ledger")
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "0"


VERSION: Final = _find_version()
