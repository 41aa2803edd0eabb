"""Every derivation holds, yields LaTeX, and the runner notices one that does not."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).resolve().parents[1] / "derivations"


def _runner() -> ModuleType:
    spec = importlib.util.spec_from_file_location("derivations_run_all", FOLDER / "run_all.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


run_all = _runner()


@pytest.mark.parametrize("path", run_all.scripts(), ids=lambda path: path.stem)
def test_derivation_holds_and_yields_latex(path: Path) -> None:
    derivation = run_all.load(path)
    derivation.check()
    text = derivation.latex()
    assert text.strip()
    assert text.count("{") == text.count("}")
    assert text.count(r"\left") == text.count(r"\right")


@pytest.mark.parametrize("path", run_all.scripts(), ids=lambda path: path.stem)
def test_derivation_opens_as_a_notebook(path: Path) -> None:
    text = path.read_text()
    assert text.startswith("# %% [markdown]\n# # ")
    assert text.count("\n# %%") >= 4


def test_runner_writes_latex_and_reports_failures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "sound.py").write_text("def check(): pass\ndef latex(): return '1 = 1'\n")
    (tmp_path / "broken.py").write_text("def check(): assert False\ndef latex(): return '0 = 1'\n")
    output = tmp_path / "tex"
    assert run_all.main(["sound", "--output", str(output)], tmp_path) == 0
    assert run_all.main(["--output", str(output)], tmp_path) == 1
    assert [path.name for path in output.iterdir()] == ["sound.tex"]
    assert "1 of 2 derivations hold" in capsys.readouterr().out


def test_runner_refuses_unknown_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "sound.py").write_text("def check(): pass\ndef latex(): return '1 = 1'\n")
    with pytest.raises(SystemExit, match="2"):
        run_all.main(["absent"], tmp_path)
    assert "choose from sound" in capsys.readouterr().err
