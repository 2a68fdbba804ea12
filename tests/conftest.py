"""How the tests are run: in which order, and what a busy machine may do to them."""

from collections.abc import MutableSequence

import pytest
from hypothesis import HealthCheck, settings

# What differs from the profile that is in force, which where CI is set is Hypothesis' own for it.
settings.register_profile(
    "busy", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("busy")


def pytest_collection_modifyitems(items: MutableSequence[pytest.Item]) -> None:
    """What takes long begins first, so that nobody waits for it alone at the end."""
    items[:] = sorted(items, key=lambda item: item.get_closest_marker("long") is None)
