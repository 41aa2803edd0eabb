"""Run every derivation of this folder: check it against solver and write its LaTeX.

    python derivations/run_all.py [--output build/derivations] [names ...]

Exits with 1 if a check fails.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import time
import traceback
from pathlib import Path
from types import ModuleType

FOLDER = Path(__file__).resolve().parent


def scripts(folder: Path = FOLDER) -> list[Path]:
    """Return the derivations of a folder, sorted by name."""
    return sorted(path for path in folder.glob("*.py") if path.name != "run_all.py")


def load(path: Path) -> ModuleType:
    """Return a derivation as a module, computed afresh."""
    spec = importlib.util.spec_from_file_location(f"derivations.{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(path: Path, output: Path) -> bool:
    """Derive, check and write one script's LaTeX; report a failure and return False."""
    start = time.perf_counter()
    print(f"{path.stem:28}", end="", flush=True)
    try:
        module = load(path)
        module.check()
        output.mkdir(parents=True, exist_ok=True)
        (output / f"{path.stem}.tex").write_text(module.latex() + "\n")
    except Exception:
        print("FAILED")
        traceback.print_exc()
        return False
    print(f"ok {time.perf_counter() - start:6.1f} s")
    return True


def main(arguments: list[str] | None = None, folder: Path = FOLDER) -> int:
    """Run the named derivations, or all; return the exit status."""
    parser = argparse.ArgumentParser(description="Check the derivations and write their LaTeX.")
    parser.add_argument("names", nargs="*", help="derivations to run, such as ensemble_energy; all if omitted")
    parser.add_argument("--output", type=Path, default=FOLDER.parent / "build" / "derivations")
    options = parser.parse_args(arguments)
    known = {path.stem: path for path in scripts(folder)}
    unknown = sorted(set(options.names) - set(known))
    if unknown:
        parser.error(f"unknown derivation {unknown[0]!r}; choose from {', '.join(known)}")
    results = [run(known[name], options.output) for name in options.names or known]
    failures = results.count(False)
    print(f"{len(results) - failures} of {len(results)} derivations hold; LaTeX in {options.output}")
    return int(failures > 0)


if __name__ == "__main__":
    sys.exit(main())
