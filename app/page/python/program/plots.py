"""The backend of matplotlib for programs: `plt.show()` shows the figures in the output."""

from __future__ import annotations

import sys

from matplotlib.backend_bases import FigureManagerBase
from matplotlib.backends.backend_agg import FigureCanvasAgg

__all__ = ["FigureCanvas", "FigureManager", "show"]

FigureCanvas = FigureCanvasAgg
FigureManager = FigureManagerBase


def show(*, block: bool | None = None) -> None:
    """Show all open figures, and close them."""
    del block
    from matplotlib import pyplot  # noqa: PLC0415 - pyplot imports this module

    for number in pyplot.get_fignums():
        sys.modules["__main__"].__dict__["display"](pyplot.figure(number))
    pyplot.close("all")
