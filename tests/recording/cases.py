"""What is recorded: commands and small programs, as data."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """Commands run one after the other in an empty folder, or a program that prints.

    portable: the same bytes on every processor. slow: more than two seconds. hashed: of files, the hash alone.
    """

    name: str
    commands: tuple[str, ...] = ()
    snippet: str = ""
    files: tuple[tuple[str, str], ...] = ()
    portable: bool = True
    slow: bool = False
    hashed: bool = False

    @property
    def quick(self) -> bool:
        """Whether the case runs in every test run."""
        return self.portable and not self.slow


def _case(name: str, *commands: str, files: dict[str, str] | None = None, **flags: bool) -> Case:
    return Case(name=name, commands=commands, files=tuple((files or {}).items()), **flags)


def _api(name: str, snippet: str, **flags: bool) -> Case:
    return Case(name=f"api-{name}", snippet=IMPORTS + snippet, **flags)


COMMANDS = (
    *("report", "frame", "table", "sweep", "limits", "formula", "plot", "page", "search", "show", "shuffle"),
    *("train", "history", "verify", "derive", "cite", "constructions"),
)
PLOTS = (
    *("activations", "asymptotes", "frequencies", "kernels", "layers", "noise-split", "pareto", "response"),
    *("runs", "sweep", "training"),
)

SMALL = "--length 12 --scale 5"
TINY = "--length 8 --scale 3"
MINE = json.dumps(
    {
        "schema": "solver.network/1",
        "name": "mine",
    }
)

HELP = [
    _case("help", "", "--help", "--version"),
    *(_case(f"help-{name}", f"{name} --help") for name in COMMANDS),
    _case("help-plots", *(f"plot {name} --help" for name in PLOTS)),
]

REPORTS = [
    _case("report-default-shift", "report --construction shift", slow=True),
    _case("report-default-uniform-latex", "report --construction uniform --format latex", portable=False, slow=True),
    _case("report-default-all-D", "report --columns D_exact,D --format latex --construction all --method sampling",
          portable=False, slow=True),
    _case("report-text", f"report {TINY}"),
    _case("report-text-5", f"report {SMALL} --digits 8", portable=False, slow=True),
    _case("report-json", f"report {TINY} --format json"),
    _case("report-latex", f"report {TINY} --format latex"),
    _case("report-latex-columns", f"report {TINY} --format latex --columns D_exact,D,G,R,price --width 469"),
    _case("report-latex-narrow", f"report {TINY} --format latex --width 120 --digits 12"),
    _case("report-all", f"report {SMALL} --construction all --digits 10", portable=False, slow=True),
    _case("report-all-json", f"report {SMALL} --construction all --format json --digits 6", portable=False, slow=True),
    _case("report-sine-cyclotomic", f"report {SMALL} --construction sine --construction cyclotomic --digits 30",
          portable=False, slow=True),
    _case("report-mixed", f"report {SMALL} --construction shift-mixed --channels 2", portable=False),
    _case("report-output", f"report {TINY} --format latex -o out/table.tex",
          f"report {TINY} --format latex -o table.tex", f"report {TINY} -o table.txt --split"),
    _case("report-split", f"report {TINY} --split --digits 9"),
    _case("report-frequencies", f"report {SMALL} --frequencies --digits 6", portable=False, slow=True),
    _case("report-shuffles", f"report {TINY} --shuffles 5 --seed 3 --construction shift", portable=False),
    _case("report-why", f"report {TINY} --why --digits 6", f"report {TINY} --why --format json --digits 6"),
    _case("report-channels", f"report {TINY} --channels 3 --construction shift"),
    _case("report-channel-mean", f"report {TINY} --channel-mean"),
    _case("report-filter-size", "report --length 14 --scale 5 --filter-size 5 --digits 6"),
    _case("report-balanced", f"report {TINY} --distances balanced --digits 20"),
    _case("report-flat-gap", "report --length 14 --scale 5 --distances flat --gap 1 --digits 6",
          portable=False, slow=True),
    _case("report-mirror-merge-exact", f"report {TINY} --deformation mirror --collisions merge --noise-energy exact"),
    _case("report-rigid-reject", f"report {TINY} --deformation rigid --collisions reject"),
    _case("report-single", f"report {TINY} --deformation single --collisions reject --noise-energy 1/3"),
    _case("report-law", f"report {TINY} --deformation '-1:1/4 0:1/2 1:1/4' --noise-energy exact"),
    _case("report-joint-law", f"report {TINY} --deformation '1,0:1/2 0,-1:1/2' --collisions merge"),
    _case("report-rectified", f"report {TINY} --rectified-noise --digits 8", portable=False),
    _case("report-series", f"report {TINY} --method series --construction shift"),
    _case("report-deterministic", f"report {TINY} --method deterministic --digits 8", portable=False),
    _case("report-transfer", f"report {TINY} --method transfer --construction uniform --digits 8", portable=False),
    _case("report-sampling", f"report {TINY} --method sampling --seed 7 --digits 6", portable=False),
    _case("report-tolerance", f"report {TINY} --method sampling --tolerance 0.01 --no-cache --digits 6",
          portable=False),
    _case("report-cache-twice", f"report {TINY} --construction uniform --digits 6",
          f"report {TINY} --construction uniform --digits 6"),
    _case("report-strided-blocks", "report --length 16 --scale 4 --construction strided --labels blocks"),
    _case("report-strided-shift",
          "report --length 12 --scale 3 --construction strided-shift --filter-size 2 --digits 6"),
    _case("report-blocks-balanced",
          "report --length 16 --scale 4 --construction strided --labels blocks --distances balanced --format json"),
    _case("report-long-ring", "report --length 1000000 --scale 3 --construction uniform --digits 6 --split",
          portable=False),
]  # fmt: skip

FRAMES = [
    _case("frame-linf", "frame --length 8 --scale 3 --digits 6", portable=False),
    _case("frame-l2", "frame --length 8x9 --scale 3 --metric l2 --construction shift --format json --digits 6",
          portable=False),
    _case("frame-latex", "frame --length 8 --scale 3 --format latex --columns D_exact,D --width 400",
          portable=False),
    _case("frame-options", "frame --length 8 --scale 3 --distances balanced --deformation neighbours "
          "--collisions merge --noise-energy exact --split --digits 5 --channels 2", portable=False),
    _case("frame-reject", "frame --length 8 --scale 3 --collisions reject --construction shift --digits 6",
          portable=False),
    _case("frame-sampling", "frame --length 8 --scale 3 --deformation mirror --rectified-noise --seed 2 "
          "--method sampling --channel-mean --digits 5 --no-cache", portable=False),
    _case("frame-output", "frame --length 8 --scale 3 --metric l2 --construction shift --deformation rigid "
          "--filter-size 3 --digits 5 --gap 0 -o frame.txt --tolerance 0.1", portable=False),
]  # fmt: skip

TABLES = [
    _case("table-D", "table --length 16 --scales 3,5 --columns D_exact,D"),
    _case("table-range-all", "table --length 16 --scales 2..5 --layers all --construction all --columns D "
          "--method sampling -o scales.tex", portable=False, slow=True),
    _case("table-DGR", "table --length 12 --scales 3 --layers output,last --columns D,G,R --width 469 --digits 4"),
    _case("table-options", "table --length 12 --scales 3,5 --layers 1,output --distances balanced --channels 2 "
          "--deformation mirror --collisions merge --noise-energy exact --channel-mean --columns D,R",
          portable=False, slow=True),
    _case("sweep-csv", "sweep --length 12,14 --scale 3,5 --quantities D --jobs 1"),
    _case("sweep-json", "sweep --length 12 --scale 3 --collisions add,merge --quantities D,G --format json --jobs 1"),
    _case("sweep-md", "sweep --length 16 --scale 3,4 --construction all --quantities D --layers all "
          "--format md --jobs 1 --digits 4"),
    _case("sweep-tex", "sweep --length 16 --scale 5 --filter-size 3,5 --quantities D --format tex --columns D_exact,D "
          "--width 400 --jobs 1"),
    _case("sweep-files", "sweep --length 12 --scale 3 --deformation independent,mirror --quantities D --jobs 1 "
          "-o sweep.csv -o sweep.tex -o sweep.md -o sweep.json --state cells.state",
          "sweep --length 12,14 --scale 3 --deformation independent,mirror --quantities D --jobs 1 -o sweep.csv "
          "--state cells.state"),
    _case("sweep-resumes", *["sweep --length 12 --scale 3 --quantities D --jobs 1 -o sweep.csv"] * 2),
    _case("sweep-axes", "sweep --length 16 --scale 4 --labels distance,blocks --distances pairs,balanced,flat "
          "--construction strided,shift --filter-size 2 --gap 0,1 --quantities D --jobs 1 --format md"),
    _case("sweep-channels", "sweep --length 12 --scale 3 --channels 1,2,1:2:1/2 --noise-energy 8/3,exact "
          "--layers last,output --quantities D,G,R --method sampling --jobs 1 --digits 5 --seed 4 --channel-mean",
          portable=False),
    _case("sweep-rectified", "sweep --length 8 --scale 3 --deformation '-1:1/2 1:1/2' --rectified-noise --no-cache "
          "--tolerance 0.01 --method sampling --jobs 1 --digits 5", portable=False),
    _case("limits-text", f"limits {SMALL} --construction shift", portable=False),
    _case("limits-json", f"limits {TINY} --format json --digits 8", portable=False),
    _case("limits-latex", f"limits {TINY} --construction all --format latex -o limits.tex", portable=False),
    _case("limits-rectified", f"limits {TINY} --rectified-noise --channel-mean --digits 5 --tolerance 0.01 "
          "--noise-energy 1/2 --seed 1", portable=False),
]  # fmt: skip

FORMULAS = [
    _case("formula-l", "formula", "formula --layer 1", "formula --layer output --scale 5"),
    _case("formula-l-xi", "formula --construction shift --layer output --in l,xi --at l=32,xi=7"),
    _case("formula-latex", "formula --construction uniform --layer last --in l --scale 5 --latex"),
    _case("formula-l-k", "formula --construction uniform --in l,k"),
    _case("formula-G-k", "formula --construction uniform --in l,k --quantity G --at l=32,k=2"),
    _case("formula-G", "formula --construction shift --layer 1 --in l,xi --quantity G --at l=32,xi=7"),
    _case("formula-sigma", "formula --construction shift --layer 1 --quantity G --eliminate-sigma --scale 5"),
    _case("formula-owens", "formula --construction shift --layer last --quantity G --owens-t --scale 3 --at l=12"),
    _case("formula-laws", "formula --layer output --scale 5 --distances balanced --deformation mirror "
          "--collisions merge --gap 1"),
    _case("formula-R", "formula --construction uniform --layer 1 --quantity R --noise-energy 1/2 --filter-size 3"),
    _case("formula-rectified", "formula --layer 0 --quantity G --rectified-noise"),
]  # fmt: skip

OTHERS = [
    _case("page-tiny", "page --lengths 14 --scales 3 --method sampling --jobs 1 -o play.html", portable=False,
          hashed=True, slow=True),
    _case("search-text", f"search {SMALL} --layer 1 --restarts 2 --steps 20", portable=False),
    _case("search-json", f"search {SMALL} --layer 1 --restarts 1 --steps 10 --linear --seed 2 --format json "
          "--deformation mirror --collisions merge --channels 1 --digits 6 -o found.json", portable=False),
    _case("show-uniform", f"show uniform {SMALL}"),
    _case("show-shift", f"show shift {SMALL} --distance 2"),
    _case("show-all", *(f"show {name} {SMALL}" for name in ("shift-mixed", "sine", "cyclotomic"))),
    _case("show-strided", "show strided --length 16 --scale 4 --labels blocks",
          "show strided-shift --length 12 --scale 3 --filter-size 2"),
    _case("show-latex", f"show uniform {TINY} --format latex", f"show cyclotomic {TINY} --format latex"),
    _case("show-tikz", f"show shift {TINY} --format tikz --distance 1"),
    _case("show-json", f"show uniform {SMALL} --format json", f"show sine {SMALL} --format json"),
    _case("network-files", f"show shift {TINY} --format json -o shift.json",
          f"report {TINY} --network shift.json", f"report {TINY} --network shift.json --construction shift --digits 4",
          "show --network shift.json", f"show --network shift.json {TINY} --format json",
          f"cite --network shift.json {TINY}"),
    _case("network-files-algebraic", f"show cyclotomic {TINY} --format json -o c.json --channels 2",
          f"report {TINY} --network c.json --digits 5 --frequencies", f"report {SMALL} --network c.json --digits 5",
          portable=False, slow=True),
    _case("network-files-elsewhere", f"show uniform {SMALL} --format json -o u.json",
          "table --length 12 --scales 3,5 --network u.json --columns D_exact,D", f"limits {SMALL} --network u.json",
          f"shuffle {SMALL} --network u.json", portable=False),
    _case("shuffle-text", f"shuffle {TINY} --construction shift", portable=False),
    _case("shuffle-json", f"shuffle {SMALL} --construction shift-mixed --method sampling --format json --seed 1 "
          "--most 5 --shuffles 6 --noisy 3 -o shuffled.json --digits 5", portable=False),
    _case("shuffle-mean", f"shuffle {TINY} --construction shift --channels 2 --most 20 --shuffles 5 "
          "--noisy 2 --deformation rigid --digits 4", portable=False),
    _case("history-correlations", "history {examples}/trained/histories.json --tables correlations"),
    _case("history-runs", "history {examples}/trained/histories.json --digits 3"),
    _case("history-json", "history {examples}/trained/histories.json --format json -o runs.json"),
    _case("history-run", "history {examples}/trained/slides-P10-seed0.zip --steps 0,144 --shuffles 2 --points 8 "
          "--seed 1",
          portable=False, slow=True),
    _case("history-run-json", "history {examples}/trained/slides-P10-seed1.zip --steps 0 --shuffles 2 --points 8 "
          "--format json", portable=False, slow=True),
    _case("verify-shift", "verify --length 8 --scale 3 --construction shift", portable=False),
    _case("verify-all", f"verify {SMALL} --construction all --collisions merge --deformation mirror --seed 1",
          portable=False, slow=True),
    _case("derive-one", "derive response --no-pdf --output notes"),
    _case("derive-two", "derive ensemble_energy effective_kernels --no-pdf --stop"),
    _case("cite-plain", "cite", "cite -o plain.bib"),
    _case("cite-result", f"cite {SMALL} --construction uniform --layer 2 --quantity G", slow=True),
    _case("cite-all", f"cite {SMALL} --construction all --quantity D -o sources.bib", f"cite {TINY} --quantity D,R"),
    _case("constructions", "constructions"),
]  # fmt: skip

ERRORS = [
    _case("error-command", "reprot", "--nonsense", "report --nonsense", "report extra"),
    _case("error-numbers", "report --length 3", "report --length x", "report --length 3.5", "report --scale 1",
          "report --scale 17", "report --gap -1", "report --gap 6", "report --channels 0"),
    _case("error-digits", "report --digits 0", "report --digits 1001", "report --digits many"),
    _case("error-filter-size", "report --filter-size 4", "report --filter-size 1", "report --filter-size 33",
          "report --construction strided --filter-size 1"),
    _case("error-ensemble", "report --distances all", "report --labels colours",
          "report --labels blocks --scale 5 --length 32", "frame --labels blocks"),
    _case("error-construction", "report --construction boxes", "show boxes", "show", "formula --construction boxes",
          "cite --construction boxes"),
    _case("error-unreachable", "report --scale 8 --construction uniform", "report --scale 6",
          "show sine --scale 4", "report --construction strided --scale 7 --labels blocks"),
    _case("error-left-out", "report --length 8 --scale 2 --construction all --columns D --format latex"),
    _case("error-strided-length", "report --length 15 --scale 4 --construction strided --labels blocks"),
    _case("error-law", "report --deformation brownian", "report --deformation '0:1/2'",
          "report --deformation '0:3/2 1:-1/2'", "report --deformation '0:1/2 0:1/2'", "report --deformation ''"),
    _case("error-collisions", "report --collisions bounce",
          "report --deformation '1,0:1' --collisions reject"),
    _case("error-noise", "report --noise-energy 0", "report --noise-energy loud", "report --noise-energy -8/3",
          f"report {TINY} --deformation 0:1 --noise-energy exact", "report --noise-energy nan"),
    _case("error-method", "report --method magic", f"report {TINY} --method series --construction uniform",
          f"report {TINY} --tolerance 0 --method sampling", f"report {TINY} --tolerance soon"),
    _case("error-columns", f"report {TINY} --format latex --columns D,Q", f"report {TINY} --columns D",
          f"report {TINY} --format latex --width 10", f"report {TINY} --width 400",
          "table --length 12 --scales 3 --columns Z"),
    _case("error-format", "report --format xml", f"report {TINY} --shuffles 1",
          f"report {TINY} --shuffles 3 --format latex", f"report {TINY} --split --format latex",
          "show uniform --format yaml"),
    _case("error-output", f"report {TINY} --construction shift -o missing/out.txt", "show uniform -o .",
          "cite -o missing/cite.bib", "sweep --length 12 --scale 3 --quantities D -o missing/sweep.csv --jobs 1"),
    _case("error-network-missing", "report --network none.json", "show --network none.json", "report --network ."),
    _case("error-network-damaged", "report --network a.json", "report --network b.json", "report --network c.json",
          "report --network d.json",
          files={"a.json": "not json", "b.json": "{}", "c.json": MINE, "d.json": '{"schema": "solver.report/1"}'}),
    _case("error-network-options", f"show shift {TINY} --format json -o s.json", "report --network s.json --channels 2",
          "report --network s.json --filter-size 5", "show shift --network s.json",
          "frame --network s.json --length 8 --scale 3"),
    _case("error-frame", "frame --length 8x", "frame --length 2", "frame --metric l1", "frame --construction sine",
          "frame --deformation '-1:1/2 1:1/2'", "frame --scale 5 --length 8"),
    _case("error-table", "table --scales 9..3", "table --scales x", "table --layers 9 --length 12 --scales 3",
          "table --layers first", "table --scales 3..3000000"),
    _case("error-sweep", "sweep --quantities Q", "sweep -o sweep.xls", "sweep --format csv -o s.csv",
          "sweep --distances pairs,none", "sweep --jobs 0", "sweep --length ''", "sweep --scale 30 --jobs 1"),
    _case("error-sweep-state", "sweep --length 12 --scale 3 --quantities D --jobs 1 --state s.state",
          files={"s.state": "something else\n"}),
    _case("error-formula", "formula --in xi", "formula --in l,k --layer 1 --construction uniform",
          "formula --quantity Q", "formula --at l=3", "formula --at x=3", "formula --layer 99",
          "formula --quantity D --owens-t", "formula --quantity G --layer last --construction uniform"),
    _case("error-cite", f"cite {TINY} --quantity Q", f"cite {TINY} --layer 9"),
    _case("error-plot", "plot", "plot nothing", "plot response", "plot response -o figure.xyz",
          "plot activations --move 1 -o a.pdf", "plot activations --distance 20 -o a.pdf",
          "plot sweep none.json -o s.pdf", "plot training none -o t.pdf", "plot runs none -o t.pdf",
          "plot asymptotes --panel nothing -o p.pdf"),
    _case("error-page", "page --lengths 7 --scales 3", "page --scales 4", "page --method exact", "page --lengths x"),
    _case("error-show", f"show uniform {SMALL} --distance 0", f"show uniform {SMALL} --distance 7"),
    _case("error-shuffle", f"shuffle {TINY} --most 0", f"shuffle {TINY} --shuffles 1", f"shuffle {TINY} --noisy 1",
          f"shuffle {TINY} --format latex"),
    _case("error-search", f"search {TINY} --layer 5", f"search {TINY} --restarts 0", f"search {TINY} --steps -1"),
    _case("error-train", "train", "train run --architecture deep", "train run --optimizer lion",
          "train run --learning-rate 0", "train run --images 0", "train run --steps -1", "train run --grid-bits 0",
          "train run --precision half", "train run --device tpu", "train run --momentum 1 --optimizer adam",
          "train run --layers 0", "train run --scale 30"),
    _case("error-train-folder", "train taken", files={"taken/notes.txt": "mine\n"}),
    _case("error-history", "history", "history none", "history {examples}/trained/histories.json --tables nothing",
          "history {examples}/trained/histories.json --steps 0",
          "history {examples}/trained/slides-P10-seed0.zip --steps 7", "history broken.json",
          "history {examples}/trained/slides-P10-seed0.zip --points 0", files={"broken.json": "{}"}),
    _case("error-verify", "verify --scale 40", "verify --construction boxes"),
    _case("error-derive", "derive nothing --no-pdf", "derive --output"),
]  # fmt: skip

IMPORTS = """
from fractions import Fraction
import solver
from solver import *
task = TwoPixelTask(length=12, scale=5)
small = TwoPixelTask(length=8, scale=3)
def show(value, digits=10):
    print(value.kind, value.method, value.exact, value.latex)
    print("  ", *(value.value(digits), value.error(digits)) if value.kind != "missing" else (value.why,))
def show_layers(result):
    for layer in result.layers:
        print(layer.layer, layer.name)
        for name in ("D", "G", "R", "G_identity", "price", "G_coherent", "G_incoherent"):
            print(name, end=" ")
            show(getattr(layer, name))
"""

PROGRAMS = [
    _api("names", "print(solver.__version__, *solver.__all__, *dir(solver), sep='\\n')"),
    _api("sensitivities-shift", "show_layers(sensitivities(construct('shift', task), task))"),
    _api("sensitivities-uniform", """
result = sensitivities(construct("uniform", small), small, deformation=Deformation(law="mirror", collisions="merge"),
                       noise=GaussianNoise(energy="exact"), channel_mean=True)
show_layers(result)
show(result.output.D)
print(result.to_text(digits=8), result.to_json(digits=8), result.to_latex(digits=4), sep="\\n")
print(result.response)
"""),
    _api("sensitivities-sampled", """
show_layers(sensitivities(construct("uniform", small), small, method="sampling",
                          sampling=Sampling(points=64, replicates=4, seed=5)))
""", portable=False),
    _api("report", """
report = Report(tuple(sensitivities(construct(name, small), small) for name in ("uniform", "shift")))
print(report.to_text(digits=6, split=True, frequencies=True))
print(report.to_json(digits=6))
print(report.to_latex(columns="D_exact,D,G,R", width=469, command="solver report"))
print(report.to_html(digits=5, split=True))
print(report._repr_html_() == report.to_html(), report._repr_latex_() == report.to_latex())
"""),
    _api("noise-limits", """
for name in ("shift", "uniform"):
    for layer in noise_limits(construct(name, small), small).layers:
        print(layer.layer, layer.name)
        show(layer.weak), show(layer.finite), show(layer.strong)
""", portable=False),
    _api("shuffling", """
result = shuffling(sensitivities(construct("shift", small), small))
print(result.count)
show(result.claim_kept)
for layer in result.layers:
    print(layer.layer, layer.name, layer.unchanged)
    for name in ("D", "D_shuffled", "D_of_means", "G", "G_shuffled", "R", "R_shuffled"):
        print(name, end=" ")
        show(getattr(layer, name), 6)
""", portable=False),
    _api("sensitivity-formula", """
formula = sensitivity_formula("shift", "output", "l,xi")
print(formula.name, formula.expression, formula.latex(), formula.range_text, sep="\\n")
print(formula.conditions, formula.variables, dict(formula.fixed), formula.layer, formula.quantity, formula.proof.method)
point = {"l": 32, "xi": 7}
print(formula.at(**point), formula.holds_at(point), formula.agrees_at(point))
"""),
    _api("sensitivity-formula-noise", """
formula = sensitivity_formula("uniform", 1, "l", quantity="G", scale=5)
print(formula.name, formula.expression, formula.latex(), formula.range_text, formula.in_owens_t().expression, sep="\\n")
print(sensitivity_formula("uniform", 1, "l", quantity="R", scale=5, eliminate_sigma=True).expression)
"""),
    _api("best-deformation", """
for taps in (1, 2, 3, 5):
    optimum = best_deformation(taps, task)
    show(optimum.value, 20)
    print(*optimum.kernel)
optimum = best_deformation(5, task, Deformation(law="mirror"), multiple_of=(1, 1, 1))
show(optimum.value, 20)
print(*optimum.kernel)
"""),
    _api("citation", """
result = sensitivities(construct("shift", small), small)
print(citation(), citation(result, layers=("output",), quantities=("G",)), citation(result.output.D), sep="\\n~~~\\n")
"""),
    _api("linearity-proof", """
for name in ("uniform", "shift", "cyclotomic"):
    for proof in linearity_proof(construct(name, task), task, Deformation()):
        print(name, proof)
"""),
    _api("effective-kernel", """
for name in ("uniform", "shift", "sine", "strided-shift"):
    ring = TwoPixelTask(length=12, scale=3)
    network = construct(name, ring)
    for layer in range(1, network.depth + 1):
        kernel = effective_kernel(network, layer)
        print(name, layer, kernel.first_offset, kernel.stride, kernel.values.tolist(), kernel.bias.tolist())
"""),
    _api("response", """
for name in ("uniform", "shift", "cyclotomic"):
    response_ = response_by_distance(construct(name, task), task)
    print(name, {d: str(value) for d, value in response_.items()}, response_.largest, response_.far)
print(response(construct("uniform", task), task.image(2, 5)))
"""),
    _api("activations", """
for maps in activations(construct("shift", small), small.image(1, 3)):
    print(maps.denominator, maps.values.shape, maps.values.tolist(), maps.exact()[0, 0].tolist())
"""),
    _api("check-claim", """
network = construct("uniform", task)
print(check_claim(network, task), network.claim)
from dataclasses import replace
broken = replace(network, constant=network.constant + 1)
print({d: tuple(map(str, pair)) for d, pair in check_claim(broken, task).items()})
"""),
    _api("channel-graph", """
graph = channel_graph(construct("shift", small))
print(*graph.nodes(data=True), sep="\\n")
print(*graph.edges(data=True), sep="\\n")
"""),
    _api("filter-content", """
for name in ("uniform", "shift", "sine"):
    network = construct(name, task)
    for content in (filter_content(network, 1), kernel_content(network, network.depth, 12)):
        print(content)
        print(content.shares)
"""),
    _api("torch-round-trip", """
for name in ("uniform", "shift"):
    network = construct(name, task)
    module = to_torch(network)
    print(module)
    again = from_torch(module, name="again")
    print(network_text(again))
    print({d: str(value) for d, value in response_by_distance(again, task).items()})
print(again.layers == network.layers)
"""),
    _api("side-channels", """
for network in (side_channels(task, "1/8"), sine_channels(task, "1/8")):
    print(network_text(network))
    print({d: str(value) for d, value in response_by_distance(network, task).items()})
"""),
    _api("search", """
result = search_deformation(task, 1, restarts=2, steps=10, seed=1)
show(result.linear), show(result.any_map)
for attempt in result.attempts:
    print(attempt.start, attempt.D, attempt.layers)
""", portable=False, slow=True),
    _api("least-of-any-map", """
for taps in (1, 2, 3):
    show(least_of_any_map(taps, small), 20)
show(least_of_any_map(3, small, Deformation(law="mirror", collisions="merge")), 20)
"""),
    _api("network-text", """
network = Network(layers=[Layer(filters=[[["1/2", 1, "1/2"]]]), Layer(filters=[[[2, 3, 2]]], bias=[-1])],
                  pooling="sum", constant=-18, name="mine",
                  claim=Claim(scale=5, offset=Fraction(18), smallest_length=10))
text = network_text(network)
print(text, network_from_text(text) == network, network, sep="\\n")
print(network.depth, network.channels, network.is_rational, network.receptive_field, network.total_stride)
write_network(network, "mine.json")
print(read_network("mine.json") == network)
"""),
    _api("energies", """
for law in ("independent", "mirror", "rigid", "single"):
    for distances in ("pairs", "balanced", "flat"):
        print(law, distances, deformation_energy(TwoPixelTask(length=14, scale=5, distances=distances, gap=1),
                                                 Deformation(law=law, collisions="merge")))
print(Deformation().outcomes(1, 8), Deformation(law="mirror", collisions="reject").outcomes(1, 8), sep="\\n")
print(task, Deformation(law="-1:1/4 0:1/2 1:1/4"), GaussianNoise(energy="1/3", rectified=True), Sampling(), sep="\\n")
print(GaussianNoise(energy="exact").resolved(task, Deformation()))
"""),
    _api("shuffled", """
network = construct("shift", small)
print(network_text(shuffled(network, [[[0]] * network.layers[0].channels] +
      [[list(reversed(range(layer.input_channels)))] * layer.channels for layer in network.layers[1:]])))
"""),
    _api("frame", """
frame = FrameTask(shape=(7, 8), scale=3, metric="l2")
print(frame)
network = construct("uniform", frame)
print(check_claim(network, frame))
print({d: str(value) for d, value in response_by_displacement(network, frame).items()})
for layer in sensitivities(network, frame, method="sampling").layers:
    print(layer.name, layer.D.exact, layer.D.method)
"""),
    _api("networks", """
for name in ("uniform", "shift", "shift-mixed", "sine", "cyclotomic"):
    print(construct(name, task))
print(construct("cyclotomic", task).is_rational)
"""),
    _api("errors", """
def told(attempt):
    try:
        print("fine", attempt())
    except Exception as error:
        print(type(error).__name__, [kind.__name__ for kind in type(error).__mro__[1:]], error)
told(lambda: TwoPixelTask(length=3))
told(lambda: TwoPixelTask(length=32.0))
told(lambda: FrameTask(metric="l1"))
told(lambda: Deformation(law={0: 0.5, 1: 0.5}))
told(lambda: GaussianNoise(energy=2.5))
told(lambda: construct("uniform", TwoPixelTask(scale=8)))
told(lambda: Layer(filters=[[[0.1]]]))
told(lambda: Layer(filters=[[[1, 1]], [[1]]]))
told(lambda: effective_kernel(construct("uniform", task), 7))
told(lambda: Sampling(points=3))
told(lambda: network_from_text("{}"))
told(lambda: sensitivities(construct("uniform", task), task, method="magic"))
told(lambda: sensitivity_formula("shift", "output", "xi"))
told(lambda: Report(()))
told(lambda: NumberField("sqrt(2)"))
told(lambda: solver.nothing)
"""),
    _api("training", """
print(Training())
try:
    Training(images=0)
except InputError as error:
    print(error)
"""),
    _api("strided", """
ring = TwoPixelTask(length=16, scale=4, labels="blocks")
network = construct("strided", ring)
print(network, check_claim(network, ring), sep="\\n")
show_layers(sensitivities(network, ring, deformation=Deformation(collisions="merge")))
"""),
]  # fmt: skip

CASES: tuple[Case, ...] = (*HELP, *REPORTS, *FRAMES, *TABLES, *FORMULAS, *OTHERS, *ERRORS, *PROGRAMS)
