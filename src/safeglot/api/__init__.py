"""The functions of `import safeglot`, for scripts and notebooks: one for each of the main commands.

They take the settings of docs/reference/configuration.md as keywords, and raise SafeglotError where
a command would end with a message.
"""

from safeglot.api.calls import compare, judge, load, run
from safeglot.api.comparison import Comparison
from safeglot.api.results import RunResults
from safeglot.api.table import DataTable

__all__ = ["Comparison", "DataTable", "RunResults", "compare", "judge", "load", "run"]
