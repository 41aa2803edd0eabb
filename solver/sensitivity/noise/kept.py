"""Noise responses in the cache: the total and both parts in one answer, numeric values or balls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Generic, TypeVar

from solver.cache import Cache
from solver.sensitivity.noise.response import NoiseResponse
from solver.values import NumericValue

Part = TypeVar("Part")


@dataclass(frozen=True)
class Form(Generic[Part]):
    """How one number is written as a JSON object, and read back."""

    write: Callable[[Part], dict[str, Any]]
    read: Callable[[dict[str, Any]], Part]


def kept(
    cache: Cache | None, text: str, compute: Callable[[], NoiseResponse[Part]], form: Form[Part]
) -> NoiseResponse[Part]:
    """Return the response that the cache holds under a text, or compute and keep it."""
    known = stored(cache, text, form)
    if known is not None:
        return known
    response = compute()
    keep(cache, text, response, form)
    return response


def stored(cache: Cache | None, text: str, form: Form[Part]) -> NoiseResponse[Part] | None:
    """Return the response that the cache holds under a text, or None."""
    answer = cache.find(text) if cache else None
    return None if answer is None else NoiseResponse(**answer).map(form.read)


def keep(cache: Cache | None, text: str, response: NoiseResponse[Part], form: Form[Part]) -> None:
    """Store a response under a text, if there is a cache."""
    if cache:
        cache.keep(text, vars(response.map(form.write)))


def _ball_object(ball: Any) -> dict[str, Any]:
    return {"midpoint": _dyadic_text(ball.mid()), "radius": _dyadic_text(ball.rad())}


def _dyadic_text(number: Any) -> list[str]:
    return [str(part) for part in number.man_exp()]


def _ball(answer: dict[str, Any]) -> Any:
    import flint
    from flint import arb

    (mantissa, exponent), radius = ((int(m), int(e)) for m, e in (answer["midpoint"], answer["radius"]))
    with flint.ctx.workprec(max(64, mantissa.bit_length() + 8)):
        centre = arb(mantissa) * arb(2) ** exponent
        return arb(centre, arb(radius[0]) * arb(2) ** radius[1])


NUMERIC = Form(asdict, lambda answer: NumericValue(**answer))
BALL = Form(_ball_object, _ball)
