"""The console that commands print to; it needs rich only when it is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ['new_console']


def new_console() -> Console:
    """Return a console that prints paths as they are, without colours or markup."""
    from rich.console import Console

    return Console(highlight=False, markup=False)
