"""Entry point of ``classroom-climate``.

It imports nothing by itself: spawned children import the main module again, and need no commands.
"""


def main() -> None:
    """Run the command line."""
    from cli.app import app

    app()


if __name__ == "__main__":
    main()
