"""The commands of ``classroom-climate``."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

_COMMANDS = {
    "demo": "cli.demo:demo",
    "init": "cli.init:init",
    "run": "cli.run:run",
    "ingest": "cli.ingest:ingest",
    "analyze": "cli.analyze:analyze",
    "api": "cli.api:api",
    "simulate": "cli.simulate:simulate",
    "replay": "cli.replay:replay",
    "doctor": "cli.doctor:doctor",
    "health": "cli.health:health",
    "export": "cli.export:export",
    "import": "cli.import_:app",
    "devices": "cli.devices:app",
    "dead-letters": "cli.dead_letters:app",
    "store": "cli.store:app",
    "report": "cli.report:app",
    "tokens": "cli.tokens:app",
    "dashboards": "cli.dashboards:app",
}
"""Where each stands: a function, or a group of commands."""


class _OnCall(TyperGroup):
    """Imports a command when it is called: all of them together take two seconds."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401 - click's own words
        """Names in the order of ``--help``."""
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401
        """The command of that name, or None."""
        if cmd_name in _COMMANDS and cmd_name not in self.commands:
            module, _, attribute = _COMMANDS[cmd_name].partition(":")
            self.add_command(_command(cmd_name, getattr(import_module(module), attribute)))
        return super().get_command(ctx, cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401
        """As Typer does it; for a name that is none, all are loaded, so that it can suggest one."""
        if args and args[0] not in _COMMANDS:
            for name in _COMMANDS:
                self.get_command(ctx, name)
        return super().resolve_command(ctx, args)


def _command(name: str, found: Any) -> Any:  # noqa: ANN401
    if isinstance(found, typer.Typer):
        group = typer.main.get_group(found)
        group.name = name
        return group
    alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="markdown")
    alone.command(name)(found)
    return typer.main.get_command(alone)


app = typer.Typer(
    name="classroom-climate",
    cls=_OnCall,
    help="From the sensor on a classroom wall to a climate report an auditor can follow back to the reading.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)


@app.callback()
def _whole() -> None:
    """A group even while it has no command yet."""
