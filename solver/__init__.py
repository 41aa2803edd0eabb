"""Exact deformation and noise stability of the hand-built CNN solutions of adaptive pooling."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "Claim": "solver.network.network",
    "Deformation": "solver.deformation",
    "Formula": "solver.symbolic.formula",
    "FrequencyContent": "solver.network.frequency",
    "FrameTask": "solver.frame",
    "GaussianNoise": "solver.noise",
    "Layer": "solver.network.layer",
    "Network": "solver.network.network",
    "NoiseLimits": "solver.sensitivity.noise_limits",
    "NumberField": "solver.algebraic",
    "Report": "solver.report.report",
    "Sampling": "solver.sensitivity.sampling",
    "Sensitivities": "solver.sensitivity.sensitivities",
    "SolverError": "solver.errors",
    "InputError": "solver.errors",
    "Training": "solver.train.training",
    "TwoPixelTask": "solver.task",
    "activations": "solver.network.trace",
    "best_deformation": "solver.optimal.deformation",
    "channel_graph": "solver.network.graph",
    "check_claim": "solver.constructions.registry",
    "citation": "solver.citations.citation",
    "construct": "solver.constructions.registry",
    "deformation_energy": "solver.correlations",
    "effective_kernel": "solver.network.kernels",
    "filter_content": "solver.network.frequency",
    "from_torch": "solver.network.torch_import",
    "kernel_content": "solver.network.frequency",
    "least_of_any_map": "solver.optimal.any_map",
    "linearity_proof": "solver.network.linearity",
    "network_from_text": "solver.network.network_file",
    "network_text": "solver.network.network_file",
    "noise_limits": "solver.sensitivity.noise_limits",
    "read_network": "solver.network.network_file",
    "response": "solver.network.trace",
    "response_by_displacement": "solver.sensitivity.frame_response",
    "response_by_distance": "solver.sensitivity.response",
    "search_deformation": "solver.optimal.search",
    "sensitivities": "solver.sensitivity.sensitivities",
    "sensitivity_formula": "solver.symbolic.sensitivity_formula",
    "shuffled": "solver.network.shuffle",
    "shuffling": "solver.sensitivity.shuffling",
    "side_channels": "solver.constructions.side_channels",
    "sine_channels": "solver.constructions.sine_channels",
    "to_torch": "solver.network.torch_export",
    "write_network": "solver.network.network_file",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'solver' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
