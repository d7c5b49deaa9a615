"""``classroom-climate report``: make reports, explain their figures, verify them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.tree import Tree
from typer.core import TyperGroup

from classroom.settings import SiteSettings
from classroom.site import Site
from classroom.words import counted
from cli.report_accounts import accounts, close
from cli.report_schedule import due, send
from cli.report_source import Served, Source, SourceError, source_of
from cli.report_tell import bars
from cli.site import SiteDir, console, load_site_or_exit

_FORMATS = ("pdf", "xlsx", "csv", "json")


class _SchoolFirst(TyperGroup):
    """``report KEY`` is ``report school KEY``."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401 - click's own words
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            args = ["school", *args]
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=_SchoolFirst,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Make reports (`report SCHOOL --period 2026-10`), explain their figures, verify and close them.",
)

app.command()(accounts)
app.command()(close)
app.command()(due)
app.command()(send)

PeriodOption = Annotated[
    str, typer.Option("--period", "-p", help="2026-10, 2026-Q4, 2025/26 (school year) or 2026.")
]
FormatOption = Annotated[str, typer.Option("--format", "-f", help="Any of pdf,xlsx,csv,json with commas.")]
LangOption = Annotated[str, typer.Option("--lang", "-l", help="sv or en; the site's where missing.")]
OutOption = Annotated[Path, typer.Option("--out", "-o", help="Folder for the files; made if missing.")]
DelimiterOption = Annotated[str, typer.Option(help="Between the cells of CSV: , or ;")]
DecimalOption = Annotated[str, typer.Option(help="Decimal sign in CSV: . or , (with --delimiter ';').")]


@app.command()
def school(
    schools: Annotated[list[str] | None, typer.Argument(help="Keys of schools.", metavar="SCHOOL...")] = None,
    period: PeriodOption = "",
    every: Annotated[bool, typer.Option("--all", help="Every school of the site.")] = False,
    format: FormatOption = "pdf",  # noqa: A002
    lang: LangOption = "",
    out: OutOption = Path(),
    delimiter: DelimiterOption = ",",
    decimal: DecimalOption = ".",
    site_dir: SiteDir = Path(),
) -> None:
    """Make the report of one school, of several, or with --all of each.

    Schools that fail are listed at the end; the others have their files.

    Example: `classroom-climate report tagaborg --period 2026-10 --format pdf,xlsx,csv --lang sv`
    """
    site = load_site_or_exit(site_dir)
    keys = list(site.school_by_key) if every else list(dict.fromkeys(schools or ()))
    unknown = [key for key in keys if key not in site.school_by_key]
    if unknown or not keys:
        said = f"There is no school {unknown[0]!r}" if unknown else "Name a school, or --all"
        console.print(f"{escape(said)}. This site has: {escape(', '.join(site.school_by_key))}")
        raise typer.Exit(2)
    asked = _asked(site.settings.site, period, format, lang, delimiter, decimal)
    failed: dict[str, str] = {}
    written = 0
    with _source(site, site_dir) as source, bars() as progress:
        task = progress.add_task("reports", total=len(keys))
        for key, files, failure in source.schools(keys, **asked):
            written += _write(out, files)
            if failure:
                failed[key] = failure
            progress.advance(task)
    _tell(written, out, failed)


@app.command()
def portfolio(
    period: PeriodOption = "",
    format: FormatOption = "pdf",  # noqa: A002
    lang: LangOption = "",
    out: OutOption = Path(),
    delimiter: DelimiterOption = ",",
    decimal: DecimalOption = ".",
    site_dir: SiteDir = Path(),
) -> None:
    """Make the report of all schools together: sums, a line a school, what is missing, who failed.

    Example: `classroom-climate report portfolio --period 2026 --format pdf,xlsx`
    """
    site = load_site_or_exit(site_dir)
    asked = _asked(site.settings.site, period, format, lang, delimiter, decimal)
    with _source(site, site_dir) as source, bars() as progress:
        task = progress.add_task("schools", total=len(site.schools))
        try:
            files, failed = source.city(on_school=lambda _: progress.advance(task), **asked)
        except SourceError as error:
            raise _leave(error) from error
    _tell(_write(out, files), out, failed)


@app.command()
def explain(
    figure: Annotated[str, typer.Argument(help="A figure's id, from a report's appendix or CSV file.")],
    days: Annotated[bool, typer.Option("--days", help="Show every day and month too.")] = False,
    site_dir: SiteDir = Path(),
) -> None:
    """Walk from a figure through methods, factors and days to the counts of readings behind it.

    Example: `classroom-climate report explain tagaborg:2026-10:energy_kwh:electricity`
    """
    site = load_site_or_exit(site_dir)
    with _source(site, site_dir) as source:
        try:
            node = source.explain(figure)
        except SourceError as error:
            raise _leave(error) from error
    Console(highlight=False).print(_tree(node, every=days))


@app.command()
def verify(
    file: Annotated[
        Path, typer.Argument(help="A report's PDF, XLSX, JSON or CSV file.", exists=True, dir_okay=False)
    ],
    site_dir: SiteDir = Path(),
) -> None:
    """Make a report again from the store and say "same", or name what differs. Code 1 where it differs.

    Of a CSV file the metadata (NAME.csv-metadata.json) lies beside it; its rows are compared with that too.

    Example: `classroom-climate report verify tagaborg-2026-10-sv.pdf`
    """
    site = load_site_or_exit(site_dir)
    with _source(site, site_dir) as source:
        try:
            found = _verified(source, file)
        except SourceError as error:
            raise _leave(error) from error
    out = Console(highlight=False)
    about = f"{found['school']}, {found['period']}, made {found['made']}"
    out.print(f"{'same' if found['same'] else '[bold red]differs[/]'}: {escape(about)}", soft_wrap=True)
    causes = [one for one in found["differences"] if one["cause"] != "figure"]
    figures = [one for one in found["differences"] if one["cause"] == "figure"]
    for one in [*causes, *figures[:20]]:
        line = f"  {one['cause']}: {one['what']}: {one['then']} → {one['now']}"
        out.print(line, markup=False, soft_wrap=True)
    if len(figures) > 20:
        out.print(f"  … and {len(figures) - 20} more figures")
    if not found["same"]:
        raise typer.Exit(1)


def _verified(source: Source | Served, file: Path) -> dict[str, Any]:
    """A verification as the API gives it; of a CSV file with what was changed in the file itself."""
    from reports.csv_metadata import SUFFIX, changed_rows
    from reports.manifest import ManifestError

    content = file.read_bytes()
    if file.suffix.lower() != ".csv":
        return source.verify(content)
    beside = file.with_name(file.name + SUFFIX)
    try:
        written = beside.read_bytes()
        changed = [one._asdict() for one in changed_rows(content, written)]
    except OSError as error:
        raise SourceError(
            f"a CSV file is verified with {beside.name} beside it: {error.strerror}. What changed in climate "
            "accounts since they were closed stands in their restatements: classroom-climate report accounts"
        ) from error
    except ManifestError as error:
        raise SourceError(str(error)) from error
    found = source.verify(written)
    same = found["same"] and not changed
    return {**found, "same": same, "differences": [*changed, *found["differences"]]}


def _asked(
    settings: SiteSettings, period: str, formats: str, lang: str, delimiter: str, decimal: str
) -> dict[str, Any]:
    """The options, or code 2 with what to write."""
    from reports.make import Shape
    from reports.period import PeriodError, parse_period

    chosen = [one.strip().lower() for one in formats.split(",") if one.strip()]
    faults = [f"--format {one}: write any of {', '.join(_FORMATS)}" for one in chosen if one not in _FORMATS]
    if lang not in ("", "sv", "en"):
        faults.append(f"--lang {lang}: write sv or en")
    if delimiter not in (",", ";") or decimal not in (".", ","):
        faults.append("--delimiter is , or ; and --decimal . or ,")
    try:
        parsed = parse_period(period)
        shape = Shape(tuple(chosen), lang or settings.language, delimiter, decimal)  # type: ignore[arg-type]
    except (PeriodError, ValueError) as error:
        faults.append(f"--period {period}: {error}" if isinstance(error, PeriodError) else str(error))
    if faults or not chosen:
        for fault in faults or ["--format: write any of pdf,xlsx,csv,json"]:
            console.print(fault, markup=False, soft_wrap=True)
        raise typer.Exit(2)
    return {"period": parsed, "shape": shape}


def _source(site: Site, site_dir: Path) -> Source | Served:
    try:
        return source_of(site, site_dir)
    except SourceError as error:
        raise _leave(error) from error


def _leave(error: SourceError) -> typer.Exit:
    console.print(f"[bold red]Not done:[/] {escape(str(error))}", soft_wrap=True)
    return typer.Exit(1)


def _write(out: Path, files: list[tuple[str, bytes]]) -> int:
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, content in files:
            draft = out / f".{name}.new"
            draft.write_bytes(content)
            draft.replace(out / name)
    except OSError as error:
        console.print(f"[bold red]Not written:[/] {error.strerror}: {error.filename}")
        raise typer.Exit(1) from error
    return len(files)


def _tell(written: int, out: Path, failed: dict[str, str]) -> None:
    Console(highlight=False).print(f"Wrote {counted(written, 'file')} to {out.resolve()}.", soft_wrap=True)
    for key, why in failed.items():
        console.print(f"[bold red]No report of {escape(key)}:[/] {escape(why)}", soft_wrap=True)
    if failed:
        raise typer.Exit(1)


def _tree(node: dict[str, Any], *, every: bool, into: Tree | None = None) -> Tree:
    label = f"[bold]{escape(node['label'])}[/] {escape(node['value'])}"
    branch = Tree(label) if into is None else into.add(label)
    parts = node["parts"]
    shown = parts if every or len(parts) <= 12 else []
    for part in shown:
        _tree(part, every=every, into=branch)
    if parts and not shown:
        branch.add(f"{len(parts)} entries; --days shows them")
    return branch
