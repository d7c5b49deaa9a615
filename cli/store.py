"""``classroom-climate store``: make a bucket with its tokens; copy one store into another."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn

from classroom.faults import ConfigurationError
from cli.progress import progress_bar
from cli.site import SiteDir, console, load_site_or_exit
from store.base import SchemaError, StoreError

app = typer.Typer(
    no_args_is_help=True, help="The store: make an InfluxDB bucket, move a site between stores."
)

_URL = "duckdb:PATH or influxdb://HOST:PORT/ORG/BUCKET?write=FILE&read=FILE"


@app.command()
def copy(
    source: Annotated[str, typer.Option("--from", help=_URL)],
    target: Annotated[str, typer.Option("--to", help=_URL)],
    site_dir: SiteDir = Path(),
    from_time: Annotated[datetime | None, typer.Option(help="Only what is newer (UTC).")] = None,
) -> None:
    """Move a site into another store: copy what it holds and how far it is, and compare both.

    Stop the service first, and name the new store in classroom.toml before it starts again. A copy that was
    cut short goes on where it stood.

    Example: `classroom-climate store copy --from duckdb:site/data/classroom.duckdb --to influxdb://…`
    """
    from cli.stores import open_url  # takes a second to import, which no other command should pay
    from store.copy import CopyError, Piece
    from store.copy import copy as copy_store

    site = load_site_or_exit(site_dir)
    start = None if from_time is None else from_time.replace(tzinfo=from_time.tzinfo or UTC)
    columns = (SpinnerColumn(), BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    try:
        with (
            closing(open_url(source)) as old,
            closing(open_url(target)) as new,
            progress_bar(*columns) as bar,
        ):
            task = bar.add_task("looking", total=None)

            def show(piece: Piece, total: int) -> None:
                told = escape(f"{piece.what} {piece.name}: {piece.rows}")
                bar.update(task, description=told, total=total, advance=1)

            pieces = copy_store(old, new, [school.key for school in site.schools], start, show)
    except (ConfigurationError, SchemaError, StoreError, CopyError) as error:
        console.print(f"[bold red]Not copied:[/] {error}", markup=True)
        raise typer.Exit(1) from error
    for what in ("revisions", "readings", "hours", "verdicts", "metrics", "marks"):
        rows = sum(piece.rows for piece in pieces if piece.what == what)
        written = sum(piece.written for piece in pieces if piece.what == what)
        console.print(f"{what}: {rows} compared equal, {written} of them copied now")


@app.command()
def init(
    url: Annotated[str, typer.Option(help="InfluxDB, as http://HOST:PORT.")],
    admin_token_file: Annotated[
        Path, typer.Option(help="File with a token that may make buckets and tokens.")
    ],
    folder: Annotated[Path, typer.Option(help="Where the two token files go.")] = Path(),
    read_folder: Annotated[
        Path | None, typer.Option(help="Where the one that may only read goes instead.")
    ] = None,
    org: Annotated[str, typer.Option(help="Its organisation.")] = "classroom-climate",
    bucket: Annotated[str, typer.Option(help="Its bucket; made if absent.")] = "classroom-climate",
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave tokens that are there and let in as they are.")
    ] = False,
) -> None:
    """Make a bucket that keeps for ever, and a token that may write it and one that may read it.

    Example: `classroom-climate store init --url http://127.0.0.1:8086 --admin-token-file admin.token`
    """
    from store.influx_setup import SetupError, let_in, make_bucket

    places = {"write": folder, "read": read_folder or folder}
    files = {name: place / f"influxdb-{name}.token" for name, place in places.items()}
    try:
        if keep and all(path.exists() for path in files.values()):
            held = {name: path.read_text(encoding="utf-8").strip() for name, path in files.items()}
            if let_in(url, org, bucket, held):
                console.print("Bucket and tokens are there already; nothing was changed.")
                return
        tokens = make_bucket(url, org, bucket, admin_token_file.read_text(encoding="utf-8").strip())
        for name, token in tokens.items():
            _put(files[name], token)
            console.print(f"store.{name}_token_file: {files[name]}")
    except (SetupError, OSError) as error:
        console.print(f"[bold red]Not made:[/] {error}", markup=True)
        raise typer.Exit(1) from error


def _put(path: Path, token: str) -> None:
    """Write a token that only its owner may read; it is never there in part."""
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text(token + "\n", encoding="utf-8")
    draft.replace(path)
