"""Hypothesis profiles: dev, ci (derandomised, the default where CI=true) and deep; HYPOTHESIS_PROFILE chooses."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

_COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.filter_too_much]}
settings.register_profile("dev", max_examples=25, **_COMMON)
settings.register_profile("ci", max_examples=25, derandomize=True, **_COMMON)
settings.register_profile("deep", max_examples=400, **_COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") == "true" else "dev"))


@pytest.fixture(scope="session", autouse=True)
def empty_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep numbers that a run stored before from standing in for what the code computes now."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOLVER_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield
