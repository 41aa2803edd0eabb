"""Train a network and keep it on the way, from the start or from where an interrupted run stopped."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from solver import __version__
from solver.network.files.writing import write_network
from solver.network.torch import torch_module
from solver.numbers.exact import decimal_text
from solver.sensitivity.noise.route import Progress
from solver.train.descent import Descent, chosen_device, reproducible, stored_network
from solver.train.record import LOSS_DIGITS, STATE, Checkpoint, Record, RunFolder
from solver.train.split import Split, exact_errors, split
from solver.train.training import Training

STEPS_BETWEEN_STATES = 200


def train(training: Training, folder: Path, *, device: str = "auto", progress: Progress | None = None) -> Record:
    """Train into a folder, and return its record.

    A folder that holds an unfinished run of the same configuration is continued, to the same bytes that an
    uninterrupted run writes; of a finished one, the record is returned.  On the CPU a configuration always gives the
    same numbers, with the same version of torch on the same kind of machine.

    Parameters
    ----------
    training : Training
    folder : Path
        Made if it is not there.
    device : {"auto", "cpu", "cuda"}
    progress : callable(done, total)
        Called with the number of steps taken, and of those there are at most.

    Raises
    ------
    InputError
        If the folder holds something else, or there is no such device.
    MissingDependencyError
        If torch is not installed.
    """
    place, images, chosen = RunFolder(folder), split(training), chosen_device(device)
    record = place.opened(Record(training, _versions(chosen), images.train))
    if record.finished:
        return record
    with reproducible():
        descent = Descent(training, images, chosen)
        state = place.state()
        if state is not None:
            descent.restore(state)
        known = tuple(each for each in record.checkpoints if each.step <= descent.step) if state else ()
        return _descended(descent, replace(record, checkpoints=known), images, place, progress)


def _descended(descent: Descent, record: Record, images: Split, place: RunFolder, progress: Progress | None) -> Record:
    """Go down until the loss is 0 or the steps are taken, keeping checkpoints and states."""
    training, wanted = record.training, set(record.training.checkpoint_steps)
    why = None
    while why is None:
        if descent.step in wanted:
            record = _kept(descent, record, images, place)
        if descent.step % STEPS_BETWEEN_STATES == 0:
            place.keep_state(descent.state())
            if progress:
                progress(descent.step, training.steps)
        if descent.step == training.steps:
            why = "step limit"
        elif not descent.advance():
            why = "zero loss"
    record = replace(_kept(descent, record, images, place), finished=why)
    place.keep(record)
    (place.path / STATE).unlink(missing_ok=True)
    return record


def _kept(descent: Descent, record: Record, images: Split, place: RunFolder) -> Record:
    """Return the record with a checkpoint of where the descent is, which is written, unless it is there already."""
    if any(each.step == descent.step for each in record.checkpoints):
        return record
    training, name = record.training, f"step-{descent.step:06d}"
    network = stored_network(descent.module, training.grid_bits, name)
    errors = exact_errors(network, training.task.length, images, training.margin)
    write_network(network, place.path / f"{name}.json")
    loss = Fraction(decimal_text(errors.train_loss, LOSS_DIGITS)[0])
    kept = Checkpoint(descent.step, f"{name}.json", loss, errors.train_error, errors.test_error)
    record = replace(record, checkpoints=(*record.checkpoints, kept))
    place.keep(record)
    return record


def _versions(device: str) -> dict[str, str]:
    return {"solver": __version__, "torch": str(torch_module().__version__), "device": device}
