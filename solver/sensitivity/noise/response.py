"""The noise response of a layer, split into the mean change and the fluctuations around it, and as a cache keeps it.

With delta(x, eta) = a(x + eta) - a(x), both sums over channels and sites, averaged over the images x:

    <E||delta||^2> = <||E delta||^2> + <E||delta - E delta||^2>,    E over the noise at a fixed image.

Noise that has not been rectified has E delta = 0.  A rectifier has a mean response, which pooling adds up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from solver.cache import Cache
from solver.values import NumericValue

if TYPE_CHECKING:
    from solver.sensitivity.question import Question

T_co = TypeVar("T_co", covariant=True)
S = TypeVar("S")
Part = TypeVar("Part")


@dataclass(frozen=True)
class NoiseResponse(Generic[T_co]):
    """The mean squared change of a layer under noise, with its two parts.

    Attributes
    ----------
    total : Value (or a ball, or a float)
        <E||delta||^2>.
    coherent : Value
        <||E delta||^2>, of the mean change.
    incoherent : Value
        <E||delta - E delta||^2>, of the fluctuations; total - coherent.
    """

    total: T_co
    coherent: T_co
    incoherent: T_co

    def map(self, function: Callable[[T_co], S]) -> NoiseResponse[S]:
        """Return the function of each of the three."""
        return NoiseResponse(function(self.total), function(self.coherent), function(self.incoherent))


@dataclass(frozen=True)
class NumberFormat(Generic[Part]):
    """How one number is written as a JSON object, and read back."""

    write: Callable[[Part], dict[str, Any]]
    read: Callable[[dict[str, Any]], Part]


def kept(
    cache: Cache | None,
    question: Question,
    layer: int,
    route: str,
    compute: Callable[[], NoiseResponse[Part]],
    form: NumberFormat[Part],
) -> NoiseResponse[Part]:
    """Return the response of a layer by a route that the cache holds, or compute and keep it."""
    if cache is None:
        return compute()
    text = question.text(layer, route)
    known = stored(cache, text, form)
    if known is not None:
        return known
    response = compute()
    keep(cache, text, response, form)
    return response


def stored(cache: Cache | None, text: str, form: NumberFormat[Part]) -> NoiseResponse[Part] | None:
    """Return the response that the cache holds under a text, or None."""
    answer = cache.find(text) if cache else None
    return None if answer is None else NoiseResponse(**answer).map(form.read)


def keep(cache: Cache | None, text: str, response: NoiseResponse[Part], form: NumberFormat[Part]) -> None:
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


NUMERIC = NumberFormat(asdict, lambda answer: NumericValue(**answer))
BALL = NumberFormat(_ball_object, _ball)
