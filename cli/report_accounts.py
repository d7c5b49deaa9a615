"""``classroom-climate report close`` and ``accounts``: a year's climate accounts, frozen and exported."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from classroom.site import Site
from classroom.words import counted
from cli.report_source import Served, Source, SourceError, source_of
from cli.site import SiteDir, console, load_site_or_exit

Year = Annotated[int, typer.Argument(min=1990, max=2100, help="A calendar year.")]
Schools = Annotated[list[str] | None, typer.Argument(help="Keys of schools; all where missing.")]


def close(
    year: Year,
    schools: Schools = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Close without asking.")] = False,
    site_dir: SiteDir = Path(),
) -> None:
    """Close a year for good: its accounts, inputs and factors are frozen. Later data make restatements.

    Example: `classroom-climate report close 2026`
    """
    site = load_site_or_exit(site_dir)
    keys = _known(list(site.school_by_key), schools)
    if not yes and not typer.confirm(
        f"Close {year} for {counted(len(keys), 'school')}? It cannot be opened again"
    ):
        console.print("Nothing was closed.")
        raise typer.Exit(1)
    failed = 0
    with _source(site, site_dir) as source:
        for key in keys:
            try:
                rows = source.close(key, year)
                Console(highlight=False).print(f"{key} {year}: closed, {rows} rows.")
            except SourceError as error:
                failed += 1
                console.print(
                    f"[bold red]{escape(key)} is not closed:[/] {escape(str(error))}", soft_wrap=True
                )
    if failed:
        raise typer.Exit(1)


def accounts(
    year: Year,
    schools: Schools = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the files; made if missing.")] = Path(),
    delimiter: Annotated[str, typer.Option(help="Between the cells of CSV: , or ;")] = ",",
    decimal: Annotated[str, typer.Option(help="Decimal sign: . or , (with --delimiter ';').")] = ".",
    site_dir: SiteDir = Path(),
) -> None:
    """Write a year's climate accounts: GHG Protocol rows, the energy register, restatements (CSV and XLSX).

    Example: `classroom-climate report accounts 2026 --out bokslut`
    """
    from reports.tables import ACCOUNTS, tables_csv, tables_workbook

    site = load_site_or_exit(site_dir)
    if delimiter not in (",", ";") or decimal not in (".", ",") or delimiter == decimal:
        console.print("--delimiter is , or ; and --decimal . or , and they differ")
        raise typer.Exit(2)
    keys = _known(list(site.school_by_key), schools)
    found: list[dict[str, Any]] = []
    failed: dict[str, str] = {}
    with _source(site, site_dir) as source, console.status("schools"):
        for key in keys:
            try:
                found.append(source.accounts(key, year))
            except SourceError as error:
                failed[key] = str(error)
    tables = {name: [row for one in found for row in one[name]] for name in ACCOUNTS}
    files = {f"{name}-{year}.csv": text for name, text in tables_csv(tables, delimiter, decimal).items()}
    files[f"accounts-{year}.xlsx"] = tables_workbook(tables)
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (out / name).write_bytes(content)
    except OSError as error:
        console.print(f"[bold red]Not written:[/] {error.strerror}: {error.filename}")
        raise typer.Exit(1) from error
    closed = sum(one["closed_at"] is not None for one in found)
    Console(highlight=False).print(
        f"Wrote {counted(len(files), 'file')} to {out.resolve()}: {counted(len(found), 'school')}, "
        f"{closed} of them closed, {counted(len(tables['restatements']), 'restatement')}.",
        soft_wrap=True,
    )
    for key, why in failed.items():
        console.print(f"[bold red]No accounts of {escape(key)}:[/] {escape(why)}", soft_wrap=True)
    if failed:
        raise typer.Exit(1)


def _known(there: list[str], schools: list[str] | None) -> list[str]:
    unknown = [key for key in schools or () if key not in there]
    if unknown:
        console.print(
            f"There is no school {escape(repr(unknown[0]))}. This site has: {escape(', '.join(there))}"
        )
        raise typer.Exit(2)
    return list(dict.fromkeys(schools or there))


def _source(site: Site, site_dir: Path) -> Source | Served:
    try:
        return source_of(site, site_dir)
    except SourceError as error:
        console.print(f"[bold red]Not done:[/] {escape(str(error))}", soft_wrap=True)
        raise typer.Exit(1) from error
