"""Entry point of ``classroom-climate``.

It imports nothing by itself: spawned children import the main module again, and the commands' imports take
seconds.
"""

import sys


def main() -> None:
    """Run the command line."""
    if sys.argv[1:2] == ["health"]:  # asked every few seconds: the other commands' imports are not paid
        import typer

        from cli.health import health

        app = typer.Typer(add_completion=False)
        app.command()(health)
        app(args=sys.argv[2:], prog_name="classroom-climate health")

    from cli.app import app

    app()


if __name__ == "__main__":
    main()
