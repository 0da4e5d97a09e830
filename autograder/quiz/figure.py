"""A figure of a question: drawn when asked for, and told in words."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Figure:
    """alt: what somebody who cannot see it needs to answer. draw: draws on matplotlib axes."""

    alt: str
    draw: Callable[[Any], None] = field(compare=False, repr=False)

    def png(self, width: float = 5.0, height: float = 3.2, dpi: int = 150) -> bytes:
        """The figure as PNG, the same bytes each time. width, height: inches."""
        from matplotlib.figure import Figure as Canvas

        canvas = Canvas(figsize=(width, height), layout="constrained")
        self.draw(canvas.add_subplot())
        file = io.BytesIO()
        canvas.savefig(file, format="png", dpi=dpi, metadata={"Software": None})
        return file.getvalue()
