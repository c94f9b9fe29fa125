"""The first line: what is being talked about, and with whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from tui.chat.hygiene import one_line

if TYPE_CHECKING:
    from textual.app import RenderResult


class TitleBar(Widget):
    """The conversation's title on the left, the model on the right; the title gives way."""

    heading = reactive("")
    model = reactive("")
    badge = reactive("")

    def render(self) -> RenderResult:
        """Lay both out on the one line there is."""
        badge = f" {self.badge} " if self.badge else ""
        model = one_line(self.model)
        room = self.size.width - Content(model).cell_length - Content(badge).cell_length - 3
        heading = Content(one_line(self.heading) or "New conversation")
        if heading.cell_length > room:
            heading = heading.truncate(max(room, 0), ellipsis=True)
        gap = " " * (room - heading.cell_length + 2)
        parts: list[Content | tuple[str, str] | str] = [heading.stylize("bold"), gap]
        if badge:
            parts += [(badge, "$background on $warning"), " "]
        parts.append((model, "$foreground-muted"))
        return Content.assemble(*parts)
