"""The report as a LaTeX table with booktabs rules."""

from __future__ import annotations

from fractions import Fraction

from solver.network.graph import escaped
from solver.report.report import Report
from solver.report.words import decimal, exact_text, layer_label
from solver.sensitivity.sensitivities import LayerSensitivity, Sensitivities
from solver.values import MissingValue, Value

RULES = "".join(rf"\providecommand{{\{rule}}}{{\hline}}" for rule in ("toprule", "midrule", "bottomrule"))
_COLUMNS = "layer & \\multicolumn{2}{c}{$D$} & $G$ & $R$ & $G/G_{\\mathrm{id}}$ \\\\"


def report_latex(report: Report, digits: int, command: str | None) -> str:
    """Return one ``table`` with a block of rows for each network.

    It compiles in a bare article class; with ``\\usepackage{booktabs}`` its rules are booktabs'.
    """
    blocks = ["\\midrule\n".join(["", _block(s, digits)]) for s in report.networks]
    made_by = f"% {command}\n" if command else ""
    return (
        f"{made_by}% rules are booktabs' with \\usepackage{{booktabs}}, plain lines without\n{RULES}\n"
        "\\begin{table}[htbp]\n\\centering\\footnotesize\n"
        f"\\caption{{{_caption(report)}}}\n\\label{{{_label(report)}}}\n"
        f"\\begin{{tabular}}{{rrlrrr}}\n\\toprule\n{_COLUMNS}\n{''.join(blocks)}"
        "\\bottomrule\n\\end{tabular}\n\\end{table}\n"
    )


def _block(s: Sensitivities, digits: int) -> str:
    channels = ", ".join(map(str, s.network.channels))
    title = rf"\multicolumn{{6}}{{l}}{{{escaped(s.network.name)}, channels ${channels}$}} \\"
    return "\n".join([title, *(_row(layer, digits) for layer in s.layers)]) + "\n"


def _row(layer: LayerSensitivity, digits: int) -> str:
    label = layer_label(layer)
    exact = exact_text(layer.D)
    if exact and not isinstance(layer.D.exact, Fraction):
        exact = layer.D.latex or ""
    cells = [f"${label}$", f"${exact}$" if exact else "", *(cell(v, digits) for v in (layer.D, layer.G, layer.R))]
    return " & ".join([*cells, cell(layer.price, min(digits, 6))]) + r" \\"


def cell(value: Value, digits: int) -> str:
    """Return a value as the cell of a table."""
    if isinstance(value, MissingValue):
        return "--"
    mantissa, _, exponent = decimal(value, digits).partition("E")
    return f"${mantissa}$" if not exponent else rf"${mantissa}\times 10^{{{int(exponent)}}}$"


def _caption(report: Report) -> str:
    s = report.first
    task = s.task
    gap = f", gap {task.gap}" if task.gap else ""
    rectified = ", rectified" if s.noise.rectified else ""
    mean = ", channels averaged first" if s.channel_mean else ""
    numeric = any(layer.G.kind == "numeric" for each in report.networks for layer in each.layers)
    brackets = " Digits in brackets: estimated error of the last digits." if numeric else ""
    return (
        rf"Stability of networks to deformations ($D$) and noise ($G$), $R=D/G$, "
        rf"for $\ell={task.length}$, $\xi={task.scale}$; ensemble {escaped(task.distances)}{gap}, "
        rf"displacements {escaped(s.deformation.name)}, "
        rf"collisions {escaped(s.deformation.collisions)}, "
        rf"noise energy $\ell\sigma^2={s.noise.energy}${rectified}{mean}. "
        rf"$G_{{\mathrm{{id}}}}$: identity activations.{brackets}"
    )


def _label(report: Report) -> str:
    task = report.first.task
    names = "-".join(dict.fromkeys("".join(c for c in s.network.name if c.isalnum()) for s in report.networks))
    return f"tab:{names}-{task.distances}-l{task.length}-xi{task.scale}"
