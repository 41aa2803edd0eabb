"""Exact deformation and noise stability of the hand-built CNN solutions of adaptive pooling."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "Claim": "solver.network.network",
    "Deformation": "solver.question.deformation",
    "Formula": "solver.symbolic.formula",
    "FrequencyContent": "solver.network.frequency.content",
    "FrameTask": "solver.question.frame",
    "GaussianNoise": "solver.question.noise",
    "Layer": "solver.network.layer",
    "Network": "solver.network.network",
    "NoiseLimits": "solver.sensitivity.limits.limits",
    "NumberField": "solver.numbers.algebraic",
    "Report": "solver.report.report",
    "Sampling": "solver.sensitivity.noise.route",
    "Sensitivities": "solver.sensitivity.sensitivities",
    "SolverError": "solver.errors",
    "InputError": "solver.errors",
    "Training": "solver.train.training",
    "TwoPixelTask": "solver.question.task",
    "activations": "solver.network.trace",
    "best_deformation": "solver.optimal.deformation",
    "channel_graph": "solver.network.graph",
    "check_claim": "solver.sensitivity.response.claim",
    "citation": "solver.citations.citation",
    "construct": "solver.constructions.registry",
    "deformation_energy": "solver.question.correlations",
    "effective_kernel": "solver.network.kernels",
    "filter_content": "solver.network.frequency.content",
    "from_torch": "solver.network.torch.reading",
    "kernel_content": "solver.network.frequency.content",
    "least_of_any_map": "solver.optimal.any_map",
    "linearity_proof": "solver.network.linearity",
    "network_from_text": "solver.network.files.reading",
    "network_text": "solver.network.files.writing",
    "noise_limits": "solver.sensitivity.limits.limits",
    "read_network": "solver.network.files.reading",
    "response": "solver.network.trace",
    "response_by_displacement": "solver.sensitivity.response.by_displacement",
    "response_by_distance": "solver.sensitivity.response.by_displacement",
    "search_deformation": "solver.optimal.search",
    "sensitivities": "solver.sensitivity.sensitivities",
    "sensitivity_formula": "solver.symbolic.sensitivity_formula",
    "shuffled": "solver.network.changed.shuffle",
    "shuffling": "solver.sensitivity.shuffling.shuffling",
    "side_channels": "solver.constructions.side_channels",
    "sine_channels": "solver.constructions.sine_channels",
    "to_torch": "solver.network.torch.writing",
    "write_network": "solver.network.files.writing",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'solver' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
