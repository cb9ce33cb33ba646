"""A cluster of three nodes, real processes, for the tests."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from cluster import Cluster


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A cluster for all tests that kill nobody."""
    with Cluster() as cluster:
        yield cluster


@pytest.fixture
def mortal() -> Iterator[Cluster]:
    """A cluster for one test, which may kill its nodes."""
    with Cluster() as cluster:
        yield cluster


@pytest.fixture
def name() -> str:
    """A queue that no other test uses."""
    return f"q-{uuid.uuid4().hex}"
