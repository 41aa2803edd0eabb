"""Networks to and from PyTorch."""

from typing import Any

from solver.errors import MissingDependencyError


def torch_module(wanted_by: str = "this") -> Any:
    """Return torch.

    Raises
    ------
    MissingDependencyError
        If it is not installed; says what wants it.
    """
    try:
        import torch
    except ImportError:
        how = "pip install 'adaptive-pooling-solver[torch]'"
        raise MissingDependencyError(f"{wanted_by} needs PyTorch: {how}") from None
    return torch
