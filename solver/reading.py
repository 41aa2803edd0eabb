"""JSON text as typed, frozen structures; whatever is not of their shape is refused in one line that names its place."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from typing import Any, TypeVar

from solver.errors import InputError
from solver.numbers.exact import rational

T = TypeVar("T")

_SCIENTIFIC = re.compile(r"-?[0-9]{1,99}(\.[0-9]{1,99})?[eE][-+]?[0-9]{1,4}")
PLAIN = {"str": "text", "int": "an integer", "array": "a list", "object": "an object"}


def json_structure(text: str | bytes, kind: type[T], source: str, what: str = "") -> T:
    """Return JSON text as a structure of a kind, in which a `Fraction` is an exact rational as text.

    Parameters
    ----------
    text : str or bytes
    kind : type
        A ``msgspec.Struct``, a dataclass or a collection; a ``Meta(description=...)`` of a type says what is expected.
    source : str
        Where the text comes from; errors begin with it.
    what : str
        What was expected, where ``source`` does not say so: for text that is not JSON at all.

    Raises
    ------
    InputError
        For anything else, with the place in the text, what was expected there and what came.
    """
    expected = f"; expected {what}" if what else ""
    try:
        content = text if isinstance(text, str) else text.decode("utf-8")
        parsed = json.loads(content, object_pairs_hook=_without_repetition)
    except UnicodeDecodeError:
        raise InputError(f"{source}: is not UTF-8 text{expected}") from None
    except RecursionError:
        raise InputError(f"{source}: is nested too deeply{expected}") from None
    except InputError as error:
        raise InputError(f"{source}: {error}") from None
    except ValueError as error:
        raise InputError(f"{source}: is not JSON ({error}){expected}") from None
    return structure(parsed, kind, source)


def structure(value: object, kind: type[T], source: str, *, strict: bool = True) -> T:
    """Return nested dicts and lists as a structure of a kind; unless ``strict``, text may stand for an integer.

    Raises
    ------
    InputError
        As `json_structure` does.
    """
    import msgspec

    try:
        return msgspec.convert(value, kind, strict=strict, dec_hook=_fraction)
    except UnicodeError:
        raise InputError(f"{source}: holds half of a character") from None
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$")
        place = path.removesuffix("`").removeprefix(".")
        detail = str(error.__cause__) if error.__cause__ else _shortcoming(message, place, value, kind)
        raise InputError(": ".join(part for part in (source, place, detail) if part)) from None


def shown(value: object) -> str:
    """Return a short text of what came."""
    if isinstance(value, dict | list):
        return f"{'an object' if isinstance(value, dict) else 'a list'} of {len(value)}"
    number = isinstance(value, int | float) and not isinstance(value, bool)
    text = f"the number {value!s}" if number else json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _fraction(kind: Any, value: Any) -> Fraction:
    """Return the number that text stands for, as a quotient or as a decimal, which may have an exponent."""
    if kind is not Fraction:
        raise NotImplementedError(f"no structure holds a {kind}")
    scientific = isinstance(value, str) and _SCIENTIFIC.fullmatch(value)
    return Fraction(value) if scientific else rational(value, "number")


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(key for n, (key, _) in enumerate(pairs) if key in dict(pairs[:n]))
        raise InputError(f"the field {shown(twice)} is given twice")
    return found


def _shortcoming(message: str, place: str, value: Any, kind: Any) -> str:
    """Return in our words what msgspec says of the value at a place."""
    from msgspec import inspect

    plain = re.sub("`(.*?)`", lambda word: PLAIN.get(word[1], word[1]), message).replace("Expected", "expected")
    if "[...]" in place:  # somewhere among the values of an object
        return plain
    info, words = _described(inspect.type_info(kind))
    for step in re.findall(r"\w+", place):
        if step.isdecimal():
            part = info.item_types[int(step)] if hasattr(info, "item_types") else info.item_type
            value = value[int(step)]
        else:
            part = next(each.type for each in info.fields if each.encode_name == step)
            value = value[step]
        info, words = _described(part)
    fields = getattr(info, "fields", ())
    required = ", ".join(each.encode_name for each in fields if each.required)
    if missing := re.search("missing required field `(.*)`", message):
        return f"the field {missing[1]!r} is missing; expected {required}"
    if unknown := re.search("unknown field `(.*)`", message):
        return f"the field {shown(unknown[1])} is unknown; expected {', '.join(each.encode_name for each in fields)}"
    if fields and not words:
        words = f"an object with the fields {required}"
    return f"{f'expected {words}' if words else plain.split(', got')[0]}, got {shown(value)}"


def _described(info: Any) -> tuple[Any, str]:
    """Return a type without what is said about it, and the description that is."""
    from msgspec import inspect

    words = ""
    while isinstance(info, inspect.Metadata | inspect.UnionType):
        if isinstance(info, inspect.Metadata):
            words = words or (info.extra_json_schema or {}).get("description", "")
            info = info.type
        else:
            info = next(each for each in info.types if not isinstance(each, inspect.NoneType))
    return info, words
