"""The cache: trusted only for the very same question, never in the way, and what a report takes from it is the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from solver import GaussianNoise, Sampling, TwoPixelTask, construct, sensitivities
from solver.cache import Cache, default_folder
from solver.sensitivity import noise_response

TASK = TwoPixelTask(length=12, scale=5)
FEW = Sampling(points=8, replicates=2)


def test_an_answer_is_found_again_for_the_same_text_only(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "made" / "on demand")
    assert cache.find("what?") is None
    cache.keep("what?", {"value": "1/2"})
    assert cache.find("what?") == {"value": "1/2"}
    assert cache.find("what ?") is None


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"question": "other", "answer": {}}', '{"question": "what?"}', "\x00", '{"answer": 3}']
)
def test_a_damaged_file_is_no_answer_and_is_replaced(tmp_path: Path, content: str) -> None:
    cache = Cache(tmp_path)
    cache.keep("what?", {"value": "1"})
    (path,) = tmp_path.iterdir()
    path.write_text(content)
    assert cache.find("what?") is None
    cache.keep("what?", {"value": "2"})
    assert cache.find("what?") == {"value": "2"}


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    Cache(tmp_path / "file").keep("what?", {"value": "1"})
    assert Cache(tmp_path / "file").find("what?") is None


def test_the_environment_names_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOLVER_CACHE", str(tmp_path))
    assert default_folder() == tmp_path


@pytest.mark.parametrize(("name", "method"), [("uniform", "sampling"), ("uniform", "auto"), ("shift", "series")])
def test_a_kept_report_equals_the_fresh_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, method: str
) -> None:
    network, cache = construct(name, TASK), Cache(tmp_path)
    fresh = sensitivities(network, TASK, method=method, sampling=FEW, cache=cache).to_json(digits=12)
    for route in ("sampled_noise", "chain_layer_response"):
        monkeypatch.setattr(noise_response, route, None)
    assert sensitivities(network, TASK, method=method, sampling=FEW, cache=cache).to_json(digits=12) == fresh


def test_another_question_is_not_answered_from_the_cache(tmp_path: Path) -> None:
    network, cache = construct("uniform", TASK), Cache(tmp_path)
    values = [
        float(sensitivities(network, TASK, method="sampling", cache=cache, **options).output.G)
        for options in (
            {"sampling": FEW},
            {"sampling": Sampling(points=8, replicates=2, seed=1)},
            {"sampling": FEW, "noise": GaussianNoise(energy=3)},
            {"sampling": FEW, "noise": GaussianNoise(rectified=True)},
        )
    ]
    assert len(set(values)) == 4
