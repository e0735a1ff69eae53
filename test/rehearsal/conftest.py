"""The emulator's extension as a package, without an emulator."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools" / "rehearsal"))

from emulator.registry import Registry  # noqa: E402
from emulator.stubs import Place, Stubs  # noqa: E402


@pytest.fixture(scope="session")
def registry():
    return Registry("us-east-1")


@pytest.fixture
def stubs(registry):
    return Stubs(registry, lambda: Place("000000000000", "us-east-1"))
