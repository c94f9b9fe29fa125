"""Painting in this turn of the event loop, and only what changed."""

# The seams of Textual that are used here are not public, for there is no public way to any of this.
# tests/ui/test_painting.py fails when they are not what they were.
# ruff: noqa: SLF001

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from textual._compositor import CompositorUpdate
from textual.geometry import Region
from textual.widget import Widget

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console, ConsoleOptions, RenderResult
    from textual.screen import Screen
    from textual.strip import Strip

Frame: TypeAlias = dict[Widget, list[Region]]
"""What is painted together: parts of widgets, told as these would be to `Widget.refresh`."""


def paint_now(screen: Screen[object], changed: Frame) -> None:
    """Paint these parts of widgets, and what these asked to be refreshed, all in one update.

    Left to Textual a refresh is a message to the screen, when the widget has nothing else to do,
    and then waits for a timer that ticks 60 times a second: up to 17 ms later, and not always all
    of it together. Then all widgets are asked for all their lines that are between the changed
    ones. That is worth 2 ms a frame, and 30 frames a second have nothing to do with other widgets.

    Where something lies above, or something else is to be painted as well, it is Textual that
    paints, but now.
    """
    lines = None
    if screen is screen.app.screen and not _is_busy(screen, changed):
        lines = _lines(screen, changed)
    if lines is None:
        for widget, regions in changed.items():
            if regions:
                widget.refresh(*regions)
        screen._dirty_widgets.update(changed)
        screen._on_timer_update()
    elif lines:
        screen.app._display(screen, _LinesUpdate(lines))


def _is_busy(screen: Screen[object], changed: Frame) -> bool:
    """Whether Textual has anything else to paint, or is told not to."""
    return bool(
        screen._layout_required
        or screen._scroll_required
        or screen._repaint_required
        or screen._dirty_widgets - changed.keys()
        or screen._compositor._dirty_regions
        or screen.app._batch_count
    )


def _lines(screen: Screen[object], changed: Frame) -> list[tuple[int, int, Strip]] | None:
    """Where to write what, if no other widget is in front of any of it."""
    compositor = screen._compositor
    if not all(_is_in_front(screen, widget) for widget in changed):
        return None
    lines = []
    for widget, regions in changed.items():
        asked = widget._exchange_repaint_regions()
        widget._repaint_required = False  # or it would ask for it once more
        x, y = compositor.visible_widgets[widget][0].offset
        for region in {*regions, *asked}:
            for row, strip in enumerate(widget.render_lines(region), y + region.y):
                lines.append((x + region.x, row, strip))
    return lines


def _is_in_front(screen: Screen[object], widget: Widget) -> bool:
    """Whether all of a widget can be seen."""
    for other, (region, clip) in screen._compositor.visible_widgets.items():
        if other is widget:
            return clip.contains_region(region)
        if region.intersection(clip).overlaps(widget.region):
            return False
    return False


class _LinesUpdate(CompositorUpdate):
    """Pieces of lines, each with its column and its row."""

    def __init__(self, lines: Sequence[tuple[int, int, Strip]]) -> None:
        self._lines = lines

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        raise NotImplementedError  # Textual calls the other one

    def render_segments(self, console: Console) -> str:
        return "".join(
            f"\x1b[{y + 1};{x + 1}H{strip.render(console)}" for x, y, strip in self._lines
        )
