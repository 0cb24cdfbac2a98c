"""safeglot: measure where a language model's safety gets lost between languages, and why."""

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from safeglot.cli.python.calls import compare, judge, load, run

__version__ = "0.1.0"
__all__ = ["compare", "judge", "load", "run"]


class _Judge(ModuleType):
    """The stage package `safeglot.judge`, which is the function of that name too."""

    def __call__(self, *given: Any, **settings: Any) -> Any:
        """Return the run, as `safeglot.cli.python.calls.judge` does."""
        from safeglot.cli.python.calls import judge

        return judge(*given, **settings)


class _Safeglot(ModuleType):
    def __setattr__(self, name: str, value: Any) -> None:
        if name == "judge" and type(value) is ModuleType:
            value.__class__ = _Judge
        super().__setattr__(name, value)


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name == "judge":
        from importlib import import_module

        return import_module("safeglot.judge")
    from safeglot.cli.python import calls

    return getattr(calls, name)


sys.modules[__name__].__class__ = _Safeglot
