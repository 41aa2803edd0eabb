"""Bad input of every kind: an InputError, on one line, that names what came and what to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from solver import Deformation, GaussianNoise, InputError, Layer, NumberField, TwoPixelTask, construct, effective_kernel
from solver.numbers.exact import exact, rational

TASK = TwoPixelTask(length=32, scale=7)
CODE = "__import__('os').system('true')"

BAD: dict[str, tuple[Callable[[], Any], list[str]]] = {
    "short ring": (lambda: TwoPixelTask(length=3), ["length", "at least 4", "got 3"]),
    "length as text": (lambda: TwoPixelTask(length="32"), ["length", "expected an integer", "'32'"]),
    "length true": (lambda: TwoPixelTask(length=True), ["length", "expected an integer", "True"]),
    "length float": (lambda: TwoPixelTask(length=32.0), ["length", "expected an integer", "32.0"]),
    "scale one": (lambda: TwoPixelTask(scale=1), ["scale", "at least 2", "got 1"]),
    "scale too large": (lambda: TwoPixelTask(length=32, scale=17), ["scale", "at most half", "16", "got 17"]),
    "negative gap": (lambda: TwoPixelTask(gap=-1), ["gap", "at least 0", "got -1"]),
    "gap leaves no close pair": (lambda: TwoPixelTask(gap=6), ["gap", "close pairs", "at most 5"]),
    "gap leaves no distant pair": (
        lambda: TwoPixelTask(length=32, scale=14, gap=3),
        ["gap", "distant pairs", "at most 2"],
    ),
    "ensemble": (lambda: TwoPixelTask(distances="all"), ["'all' is unknown", "pairs, balanced, flat"]),
    "law name": (lambda: Deformation(law="brownian"), ["'brownian'", "independent, mirror, rigid, single", "'-1:1/4"]),
    "law as code": (lambda: Deformation(law=CODE), ["__import__", "neither a name"]),
    "law probability as code": (lambda: Deformation(law="0:exit()"), ["'exit()'", "quotient such as '8/3'"]),
    "law empty": (lambda: Deformation(law={}), ["expected a name", "{}"]),
    "law empty text": (lambda: Deformation(law=""), ["neither a name"]),
    "law number": (lambda: Deformation(law=3), ["expected a name", "3"]),
    "law sums to 1/2": (lambda: Deformation(law={0: "1/2"}), ["sum to 1/2, expected 1"]),
    "law negative": (lambda: Deformation(law={0: "3/2", 1: "-1/2"}), ["a probability is negative"]),
    "law float": (lambda: Deformation(law={0: 0.5, 1: 0.5}), ["the float 0.5 is not exact", "'1/2'"]),
    "law mixed": (lambda: Deformation(law={0: "1/2", (0, 1): "1/2"}), ["not a mixture"]),
    "law mixed text": (lambda: Deformation(law="0:1/2 0,1:1/2"), ["not a mixture"]),
    "law twice": (lambda: Deformation(law="0:1/2 0:1/2"), ["displacement 0 is given twice"]),
    "law twice, written differently": (lambda: Deformation(law="1:1/2 +1:1/2"), ["is given twice"]),
    "law half pixel": (lambda: Deformation(law={0.5: 1}), ["displacement", "expected an integer", "0.5"]),
    "law true": (lambda: Deformation(law={True: 1}), ["displacement", "expected an integer", "True"]),
    "law triple": (lambda: Deformation(law={(0, 0, 0): 1}), ["displacement", "expected an integer", "(0, 0, 0)"]),
    "law huge step": (lambda: Deformation(law="9999999999:1"), ["neither a name"]),
    "collisions": (lambda: Deformation(collisions="bounce"), ["'bounce' is unknown", "add, merge, reject"]),
    "reject leaves nothing": (
        lambda: Deformation(law={(1, 0): 1}, collisions="reject").outcomes(1, 8),
        ["leaves no outcome at distance 1", "allow a move"],
    ),
    "noise zero": (lambda: GaussianNoise(energy=0), ["noise energy", "positive", "got 0"]),
    "noise negative": (lambda: GaussianNoise(energy="-8/3"), ["noise energy", "positive", "got -8/3"]),
    "noise float": (lambda: GaussianNoise(energy=2.5), ["noise energy", "the float 2.5", "'5/2'"]),
    "noise true": (lambda: GaussianNoise(energy=True), ["noise energy", "True", "give an int"]),
    "noise word": (lambda: GaussianNoise(energy="loud"), ["noise energy", "'loud'", "'8/3'"]),
    "noise of a still law": (
        lambda: GaussianNoise(energy="exact").resolved(TASK, Deformation(law={0: 1})),
        ["noise energy 'exact'", "moves nothing", "give a rational"],
    ),
    "construction": (lambda: construct("boxes", TASK), ["'boxes' is unknown", "uniform, shift, shift-mixed"]),
    "even filter": (lambda: construct("shift", TASK, filter_size=4), ["odd", "got 4", "3 and 5"]),
    "filter of one": (lambda: construct("shift", TASK, filter_size=1), ["filter size", "at least 3", "got 1"]),
    "filter beyond the ring": (lambda: construct("shift", TASK, filter_size=33), ["at most the length 32", "got 33"]),
    "no channel": (lambda: construct("shift", TASK, channels=0), ["channels", "at least 1", "got 0"]),
    "channels true": (lambda: construct("shift", TASK, channels=True), ["channels", "expected an integer", "True"]),
    "unreachable": (lambda: construct("uniform", TwoPixelTask(scale=8)), ["cannot reach 8", "7 and 9"]),
    "float weight": (lambda: Layer(filters=[[[0.1]]]), ["the float 0.1 is not exact", "Fraction('1/10')"]),
    "weight as code": (lambda: Layer(filters=[[[CODE]]]), ["__import__", "write an integer"]),
    "ragged filters": (lambda: Layer(filters=[[[1, 1]], [[1]]]), ["shape (channels", "different lengths"]),
    "empty filters": (lambda: Layer(filters=[[[]]]), ["shape (channels", "empty"]),
    "bias that is no sequence": (lambda: Layer(filters=[[[1]]], bias=5), ["bias", "5"]),
    "names that are no sequence": (lambda: Layer(filters=[[[1]]], names=5), ["names", "5"]),
    "ensemble that is no text": (lambda: TwoPixelTask(distances=[]), ["[]", "pairs, balanced, flat"]),
    "collisions that are no text": (lambda: Deformation(collisions=[]), ["[]", "add, merge, reject"]),
    "construction that is no text": (lambda: construct([], TASK), ["[]", "uniform, shift, shift-mixed"]),  # type: ignore[arg-type]
    "scale of 5000 digits": (lambda: TwoPixelTask(scale=10**5000), ["scale"]),
    "length of minus 5000 digits": (lambda: TwoPixelTask(length=-(10**5000)), ["length"]),
    "layer beyond the depth": (lambda: effective_kernel(construct("uniform", TASK), 7), ["layer", "7", "3"]),
    "huge digit string": (lambda: rational("9" * 5000), ["999...", "is not a rational number"]),
    "huge quotient": (lambda: rational("1/" + "9" * 5000), ["is not a rational number"]),
    "huge exponent": (lambda: rational("1e999999999"), ["is not a rational number"]),
    "object": (lambda: exact(object()), ["is not an exact number", "give an int"]),
    "field of text": (lambda: NumberField("sqrt(2)"), ["sqrt(2) is not a real algebraic number"]),
}


@pytest.mark.parametrize("name", BAD)
def test_message_names_what_came_and_what_to_do(name: str) -> None:
    attempt, words = BAD[name]
    with pytest.raises(InputError) as caught:
        attempt()
    message = str(caught.value)
    assert [word for word in words if word not in message] == []
    assert "\n" not in message and len(message) < 400


def test_text_is_never_run(tmp_path: Any) -> None:
    target = tmp_path / "made"
    code = f"__import__('pathlib').Path({str(target)!r}).touch()"
    for attempt in (rational, exact, lambda text: Deformation(law=text), lambda text: GaussianNoise(energy=text)):
        with pytest.raises(InputError):
            attempt(code)
    assert not target.exists()


def test_input_errors_are_value_errors() -> None:
    assert issubclass(InputError, ValueError)


def test_unresolved_noise_energy_says_what_to_do() -> None:
    with pytest.raises(InputError, match="resolved"):
        GaussianNoise(energy="exact").variance(32)
