"""PDF by pypdf, with an eye on text that a reader of the page cannot see. Runs only in the child program."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass, field, replace
from typing import Any

from pypdf import PdfReader
from pypdf.errors import DependencyError

from .resume_reader import MAX_TEXT, Unreadable

MAX_PAGES = 200
MIN_POINTS = 2.0
MIN_HIDDEN = 8  # characters; programs that write PDF leave a white blank or dot here and there
WHITE = 0.95
UNSEEN_MODES = (3, 7)  # neither filled nor stroked (ISO 32000-2, table 104)

Matrix = tuple[float, float, float, float, float, float]
Box = tuple[float, float, float, float]
IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
_COMPONENTS = {"g": 1, "rg": 3, "k": 4}


def read(content: bytes) -> tuple[str, bool]:
    """The text of all pages, and whether some of it is hidden. Raises Unreadable."""
    reader = PdfReader(io.BytesIO(content), strict=False)
    if reader.is_encrypted:
        _open(reader)
    text: list[str] = []
    hidden = 0
    for page in reader.pages[:MAX_PAGES]:
        canvas = Canvas()
        text.append(page.extract_text(visitor_operand_before=canvas.before, visitor_operand_after=canvas.after).strip())
        hidden += canvas.hidden_characters
        if sum(map(len, text)) > MAX_TEXT:
            break
    return "\n\n".join(text), hidden >= MIN_HIDDEN


def _open(reader: PdfReader) -> None:
    """Many files are locked against printing only and open with an empty password."""
    try:
        opened = reader.decrypt("")
    except (DependencyError, NotImplementedError) as error:
        raise Unreadable("encrypted") from error
    if not opened:
        raise Unreadable("encrypted")


@dataclass(frozen=True)
class _State:
    """What of the graphics state decides about seeing: ISO 32000-2, 8.4."""

    matrix: Matrix = IDENTITY
    colour_space: str = "DeviceGray"
    is_white: bool = False
    mode: int = 0
    size: float = 0.0


@dataclass
class Canvas:
    """Follows the operators of one page and counts the characters that are painted so that nobody sees them.

    White text on something coloured that was painted before is visible; so the boxes of such things are kept.
    """

    state: _State = field(default_factory=_State)
    saved: list[_State] = field(default_factory=list)
    path: list[tuple[float, float]] = field(default_factory=list)
    painted: list[Box] = field(default_factory=list)
    hidden_characters: int = 0

    def before(self, operator: bytes, operands: Any, _: Any, text_matrix: Any) -> None:
        """Called with every operator. What is wrong in a damaged file is passed over, as viewers do."""
        try:
            self._follow(operator.decode("latin-1"), list(operands), text_matrix)
        except (TypeError, ValueError, IndexError, OverflowError):
            return

    def after(self, operator: bytes, *_: Any) -> None:
        if operator == b"Do" and self.saved:
            self.state = self.saved.pop()

    def _follow(self, operator: str, given: list[Any], text_matrix: Any) -> None:
        if operator in ("q", "Do"):
            self.saved.append(self.state)
        if operator == "Q" and self.saved:
            self.state = self.saved.pop()
        elif operator == "cm":
            self.state = replace(self.state, matrix=_times(_matrix(given), self.state.matrix))
        elif operator == "Do":  # an image fills the unit square; for a form this is a dot
            self._paint([(0, 0), (1, 1)])
        elif operator in ("Tj", "TJ", "'", '"'):
            self._show(given[-1], _matrix(text_matrix))
        elif operator == "Tr":
            self.state = replace(self.state, mode=int(given[0]))
        elif operator == "Tf":
            self.state = replace(self.state, size=float(given[1]))
        else:
            self._draw(operator, given)

    def _draw(self, operator: str, given: list[Any]) -> None:
        if operator in ("cs", "g", "rg", "k", "sc", "scn"):
            self._choose_colour(operator, given)
        elif operator in ("m", "l", "c", "v", "y"):
            self.path.append((float(given[-2]), float(given[-1])))
        elif operator == "re":
            x, y, width, height = map(float, given)
            self.path += [(x, y), (x + width, y + height)]
        elif operator in ("f", "F", "f*", "B", "B*", "b", "b*"):
            if not self.state.is_white:
                self._paint(self.path)
            self.path = []
        elif operator in ("n", "S", "s"):
            self.path = []

    def _choose_colour(self, operator: str, given: list[Any]) -> None:
        if operator == "cs":
            self.state = replace(self.state, colour_space=str(given[0]).lstrip("/"), is_white=False)
            return
        if not all(isinstance(part, int | float) for part in given):
            self.state = replace(self.state, is_white=False)  # a pattern
            return
        parts = [float(part) for part in given]
        # One component of an unknown space may be ink as well as light.
        known = operator in _COMPONENTS or len(parts) > 1 or self.state.colour_space == "DeviceGray"
        is_ink = len(parts) == 4
        white = max(parts) <= 1 - WHITE if is_ink else min(parts) >= WHITE
        self.state = replace(self.state, is_white=known and white)

    def _paint(self, points: list[tuple[float, float]]) -> None:
        if points:
            seen = [_apply(point, self.state.matrix) for point in points]
            xs, ys = [x for x, _ in seen], [y for _, y in seen]
            self.painted.append((min(xs), min(ys), max(xs), max(ys)))

    def _show(self, said: Any, text_matrix: Matrix) -> None:
        parts = said if isinstance(said, list) else [said]
        count = sum(len(part.strip()) for part in parts if isinstance(part, str | bytes))
        at = _times(text_matrix, self.state.matrix)
        height = abs(self.state.size) * math.hypot(at[2], at[3])
        unseen = self.state.mode in UNSEEN_MODES or height < MIN_POINTS
        if unseen or (self.state.is_white and not self._is_on_colour(at[4], at[5] + height / 3)):
            self.hidden_characters += count

    def _is_on_colour(self, x: float, y: float) -> bool:
        return any(left <= x + 1 and x <= right and low <= y <= high for left, low, right, high in self.painted)


def _matrix(given: Any) -> Matrix:
    a, b, c, d, e, f = (float(part) for part in list(given)[:6])
    return a, b, c, d, e, f


def _times(m: Matrix, n: Matrix) -> Matrix:
    return (
        m[0] * n[0] + m[1] * n[2],
        m[0] * n[1] + m[1] * n[3],
        m[2] * n[0] + m[3] * n[2],
        m[2] * n[1] + m[3] * n[3],
        m[4] * n[0] + m[5] * n[2] + n[4],
        m[4] * n[1] + m[5] * n[3] + n[5],
    )


def _apply(point: tuple[float, float], m: Matrix) -> tuple[float, float]:
    x, y = point
    return x * m[0] + y * m[2] + m[4], x * m[1] + y * m[3] + m[5]
