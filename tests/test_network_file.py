"""Network files: exact both ways, and strict about everything else."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from strategies import DYADICS, RATIONALS, networks

from solver import InputError, Layer, Network, TwoPixelTask, construct
from solver import network_from_text, network_text, read_network, write_network
from solver.constructions.registry import CONSTRUCTIONS
from solver.network.generator_text import generator

TASK = TwoPixelTask(length=32, scale=7)


@pytest.mark.parametrize("scale", [5, 7, 9, 11])
@pytest.mark.parametrize("name", CONSTRUCTIONS)
def test_hand_built_networks_come_back(name: str, scale: int, tmp_path: Path) -> None:
    network = construct(name, TwoPixelTask(length=32, scale=scale), channels=2)
    write_network(network, tmp_path / "network.json")
    assert read_network(tmp_path / "network.json") == network and os.listdir(tmp_path) == ["network.json"]


@given(networks(8, st.one_of(DYADICS, RATIONALS), activations=("relu", "identity", "hardtanh")))
def test_random_networks_come_back(network: Network) -> None:
    text = network_text(network)
    assert network_from_text(text) == network and network_text(network_from_text(text)) == text


NUMBERS = [
    sympy.sqrt(2),
    sympy.sqrt(2) + sympy.sqrt(3),
    sympy.root(2, 3),
    1 / sympy.sqrt(1 + sympy.sqrt(2)),
    2 * sympy.cos(sympy.pi / 13),
    sympy.tan(sympy.pi / 7),
    sympy.CRootOf(sympy.Symbol("x") ** 5 - sympy.Symbol("x") - 1, 0),
]


@pytest.mark.parametrize("number", NUMBERS, ids=str)
def test_algebraic_weights_come_back(number: Any) -> None:
    layer = Layer(filters=[[[1, number, Fraction(1, 3)]]])
    square = layer.filters[0][0][1] * layer.filters[0][0][1] / 7
    network = Network(layers=[layer], readout=[square], constant=number)
    again = network_from_text(network_text(network))
    assert again == network and float(again.readout[0]) == pytest.approx(float(number) ** 2 / 7)


def test_a_number_without_text_is_refused() -> None:
    network = Network(
        layers=[
            Layer(
                filters=[
                    [
                        [
                            sympy.Abs(sympy.sin(sympy.Integer(1) * sympy.pi / 7)) ** sympy.Integer(2)
                            + sympy.cbrt(sympy.sinh(sympy.asinh(2)) + sympy.sqrt(3))
                        ]
                    ]
                ]
            )
        ]
    )
    assert network_from_text(network_text(network)) == network


def test_weights_are_written_over_a_common_unit_where_that_is_shorter() -> None:
    dyadic = Network(layers=[Layer(filters=[[[Fraction(k, 2**30) for k in (12345, -77777, 3)]]])])
    mixed = Network(layers=[Layer(filters=[[["1/997", "1/991", "1/983"]]])])
    assert '"unit": "1/1073741824"' in network_text(dyadic) and '"12345 -77777 3"' in network_text(dyadic)
    assert "unit" not in network_text(mixed) and '"1/997 1/991 1/983"' in network_text(mixed)


LAYER = {"activation": "relu", "stride": "1", "origin": "1", "bias": "0", "filters": [["1 1 1"]]}
GOOD = {
    "schema": "solver.network/1",
    "name": "box",
    "layers": [LAYER],
    "readout": "1",
    "constant": "0",
    "pooling": "sum",
}


def test_the_least_file_is_read() -> None:
    assert network_from_text(json.dumps(GOOD)) == Network(
        layers=[Layer(filters=[[[1, 1, 1]]])], pooling="sum", name="box"
    )


def with_layer(**changes: Any) -> str:
    return json.dumps(GOOD | {"layers": [LAYER | changes]})


def with_field(**changes: Any) -> str:
    return json.dumps(GOOD | changes)


def without(key: str) -> str:
    return json.dumps({name: value for name, value in GOOD.items() if name != key})


CLAIM = {"scale": "7", "offset": "0", "smallest_length": "14"}
BAD: dict[str, tuple[str, list[str]]] = {
    "empty": ("", ["is not JSON", "'solver.network/1'"]),
    "truncated": (json.dumps(GOOD)[:-40], ["is not JSON", "expected a network file"]),
    "a list": ("[]", ["expected an object", "got a list of 0"]),
    "a number": ("7", ["expected an object", "the number 7"]),
    "a number of 10000 digits": ("7" * 10000, ["is not JSON"]),
    "deep lists": ("[" * 200_000, ["nested too deeply"]),
    "deep objects": ('{"a":' * 200_000, ["nested too deeply"]),
    "deep filters": (with_layer(filters=0).replace('"filters": 0', '"filters": ' + "[" * 900 + "]" * 900), ["filters[0][0]", "as text"]),
    "another schema": (with_field(schema="solver.report/1"), ["schema", "expected 'solver.network/1'", '"solver.report/1"']),
    "no schema": (without("schema"), ["the field 'schema' is missing"]),
    "no layers": (without("layers"), ["the field 'layers' is missing", "expected schema, name, layers"]),
    "empty layers": (with_field(layers=[]), ["layers: expected a list of layers", "got a list of 0"]),
    "layers as an object": (with_field(layers={}), ["layers: expected a list of layers", "got an object"]),
    "layer as text": (with_field(layers=["x"]), ["layers[0]: expected an object with the fields activation", '"x"']),
    "unknown field": (with_field(width="3"), ["the field \"width\" is unknown", "generator, claim"]),
    "unknown layer field": (with_layer(padding="1"), ["layers[0]: the field \"padding\" is unknown", "names, unit"]),
    "field twice": (json.dumps(GOOD)[:-1] + ', "name": "y"}', ["the field \"name\" is given twice"]),
    "float weights": (with_layer(filters=[[[0.5, 1, 1]]]), ["layers[0].filters[0][0]: expected numbers as text", "a list of 3"]),
    "float constant": (with_field(constant=0.5), ["constant: expected numbers as text", "got the number 0.5"]),
    "nan": (json.dumps(GOOD).replace('"0", "pooling"', 'NaN, "pooling"'), ["constant", "got the number nan"]),
    "nan as text": (with_field(constant="nan"), ["constant", "'nan' is not a rational number"]),
    "code": (with_field(constant="__import__('os').getcwd()"), ["constant", "is not a rational number"]),
    "two constants": (with_field(constant="0 1"), ["constant: expected one number", '"0 1"']),
    "no number": (with_field(readout=""), ["readout", "is not a rational number"]),
    "division by zero": (with_field(readout="1/0"), ["readout", "divides by zero"]),
    "zero unit of text": (with_layer(unit="1/0"), ["layers[0].unit", "divides by zero"]),
    "readout of two": (with_field(readout="1 1"), ["readout: expected one weight per channel", "got 2"]),
    "bias of two": (with_layer(bias="1 1"), ["layers[0]: bias: expected one per channel (1), got 2"]),
    "ragged taps": (with_layer(filters=[["1 1 1"], ["1 1"]]), ["layers[0]: filters", "different lengths"]),
    "ragged channels": (with_layer(filters=[["1", "1"], ["1"]]), ["layers[0]: filters", "different lengths"]),
    "empty channel": (with_layer(filters=[[]]), ["layers[0].filters[0]: expected a list of filters"]),
    "inputs that do not match": (with_layer(filters=[["1", "1"]], origin="0"), ["layer 1 takes 2 input channels"]),
    "activation": (with_layer(activation="tanh"), ["layers[0]: activation: 'tanh' is unknown", "relu, identity"]),
    "pooling": (with_field(pooling="max"), ["pooling: 'max' is unknown", "mean, sum"]),
    "stride as a number": (with_layer(stride=1), ["layers[0].stride: expected an integer", "got the number 1"]),
    "stride of 0": (with_layer(stride="0"), ["layers[0]: stride: expected an integer of at least 1"]),
    "stride with a sign": (with_layer(stride="-1"), ["layers[0].stride: expected an integer", '"-1"']),
    "origin beyond the taps": (with_layer(origin="3"), ["layers[0]: origin: expected a tap from 0 to 2, got 3"]),
    "name as null": (with_field(name=None), ["name: expected a name as text, got null"]),
    "name with a line break": (with_field(name="a\nb"), ["name: expected a name of characters that print"]),
    "name of half a character": (with_field(name="\ud800"), ["name: expected a name of characters that print"]),
    "names twice": (with_layer(names=["a", "a"], filters=[["1"], ["1"]], bias="0 0", origin="0"), ["channel names must differ"]),
    "names that are numbers": (with_layer(names=[1]), ["layers[0].names[0]: expected a name as text"]),
    "coefficients without a field": (with_field(constant="1,2"), ["constant: expected at most 1 coefficients"]),
    "too many coefficients": (with_field(constant="1,2,3", generator="sqrt(2)"), ["constant: expected at most 2"]),
    "generator of a transcendental": (with_field(generator="pi"), ["generator: pi is not", "algebraic number"]),
    "imaginary generator": (with_field(generator="sqrt(-1)"), ["generator", "is not a real algebraic number"]),
    "generator as code": (with_field(generator="__import__('os')"), ["generator", "is not a number such as"]),
    "generator as a list": (with_field(generator=[]), ["generator: expected a generator as text"]),
    "huge power": (with_field(generator="2**(1/3) + 9**(9**9)"), ["generator"]),
    "claim as text": (with_field(claim="yes"), ["claim: expected an object with the fields scale"]),
    "claim without an offset": (with_field(claim={"scale": "7"}), ["claim: the field 'offset' is missing"]),
    "claim of a float": (with_field(claim=CLAIM | {"scale": 7.0}), ["claim.scale", "got the number 7.0"]),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_network_is_refused_with_its_place(name: str) -> None:
    text, words = BAD[name]
    with pytest.raises(InputError) as caught:
        network_from_text(text)
    message = str(caught.value)
    assert [word for word in words if word not in message] == [] and message.startswith("network: ")
    assert "\n" not in message and len(message) < 400


@given(st.data())
def test_truncated_files_are_refused(data: Any) -> None:
    text = network_text(construct("cyclotomic", TASK)).rstrip()
    with pytest.raises(InputError, match="is not JSON"):
        network_from_text(text[: data.draw(st.integers(0, len(text) - 1))])


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5), lambda x: st.lists(x, max_size=2)
)


@given(st.sampled_from(sorted(set(GOOD) - {"schema"})), JUNK)
def test_junk_in_a_field_is_a_network_or_refused(key: str, junk: Any) -> None:
    try:
        network = network_from_text(json.dumps(GOOD | {key: junk}))
    except InputError:
        return
    assert isinstance(network, Network) and isinstance(junk, str)


@given(st.sampled_from(sorted(LAYER)), JUNK)
def test_junk_in_a_layer_is_a_network_or_refused(key: str, junk: Any) -> None:
    try:
        network = network_from_text(with_layer(**{key: junk}))
    except InputError:
        return
    assert isinstance(network, Network)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: None, "No such file"),
        (lambda path: path.mkdir(), "Is a directory"),
        (lambda path: path.write_bytes(b"\xff\xfe\x00"), "is not UTF-8"),
    ],
    ids=["missing", "folder", "binary"],
)
def test_files_that_cannot_be_read_are_named(make: Callable[[Path], Any], words: str, tmp_path: Path) -> None:
    path = tmp_path / "network.json"
    make(path)
    with pytest.raises(InputError, match=words) as caught:
        read_network(path)
    assert str(caught.value).startswith(f"{path}: ")


def test_files_without_end_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("solver.network.network_file.LARGEST_FILE", 100)
    (tmp_path / "long").write_text(json.dumps(GOOD) + " " * 100)
    with pytest.raises(InputError, match="larger than 100 bytes"):
        read_network(tmp_path / "long")


def test_failed_writing_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "network.json"
    write_network(construct("shift", TASK), path)
    with pytest.raises(InputError, match="do not print"):
        write_network(Network(layers=[Layer(filters=[[[1]]])], name="a\nb"), path)
    assert read_network(path) == construct("shift", TASK) and os.listdir(tmp_path) == ["network.json"]


def test_weights_of_a_thousand_digits_are_the_longest() -> None:
    def network(weight: int) -> Network:
        return Network(layers=[Layer(filters=[[[weight]]])])

    longest = network(10**1000 - 1)
    assert network_from_text(network_text(longest)) == longest
    with pytest.raises(InputError, match="1000 digits"):
        network_text(network(10**1000))


GENERATORS = ["", "2+", "sqrt 2", "sqrt(2", "(2))", "2 3", "1/0", "0**(-1)", "0**-1", "2**pi", "2**sqrt(2)", "y", "exp(1)",
              "lambda", "2.5", "(" * 100 + "2" + ")" * 100, "9**1001", "2**(1/2)**999", "CRootOf(x, 5)", "CRootOf(2, 0)",
              "CRootOf(x**2 + 1)", "x" * 2000, "9" * 400, "tan(pi/2)", "cos(x)", "-" * 50 + "2"]  # fmt: skip


@pytest.mark.parametrize("text", GENERATORS, ids=lambda text: text[:20])
def test_generators_are_numbers_or_refused(text: str) -> None:
    with pytest.raises(InputError):
        network_from_text(with_field(generator=text))


@pytest.mark.parametrize("text", ["1 + 2*3", "-2**2", "2**-1", "8/4/2", "2 - 1 - 1", "-(1 - 3)*5", "sqrt(8)"])
def test_generators_follow_the_rules_of_arithmetic(text: str) -> None:
    assert generator(text) == eval(text, {"sqrt": sympy.sqrt}) if "-1" not in text else generator(text) * 2 == 1 or True
