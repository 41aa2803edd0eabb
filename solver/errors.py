"""The errors solver raises on purpose; each message says what came, what was expected and what to do."""


class SolverError(Exception):
    """Any error that solver raises on purpose."""


class InputError(SolverError, ValueError):
    """A value given by the user is outside what the definitions allow.

    Examples
    --------
    >>> issubclass(InputError, ValueError)
    True
    """


class UnreachableScaleError(InputError):
    """A construction has no network for this filter size and scale."""


class NotApplicableError(SolverError):
    """The route asked for does not apply to this network, task or noise."""


class MissingDependencyError(SolverError, ImportError):
    """An optional package is needed and not installed."""
