"""``tui-registry import``: take over the models of another registry."""

import sys
import time
from collections.abc import Callable, Coroutine
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from tui_registry.commands.changes import DRY_RUN
from tui_registry.commands.exit_codes import Exit, Failure
from tui_registry.commands.output import Progress, note, print_json, print_lines, whole
from tui_registry.commands.registry import Session, opened, registry_command

if TYPE_CHECKING:
    from tui_registry.transfer.report import Report
    from tui_registry.transfer.source import Source

T = TypeVar("T")

INTERRUPTED = "Interrupted. What was imported stays; the same command continues."
SOURCE_ID = "The name by which later imports recognize the source. [default: its URL; that in the archive]"


@registry_command
@click.command("import")
@click.argument("source", metavar="SOURCE")
@click.option("--models", "patterns", metavar="PATTERN", multiple=True, help="Only models of these names: 'churn-*'.")
@click.option("--dry-run", is_flag=True, help="Show what would be imported, without changing anything.")
@click.option("--verify", is_flag=True, help="Only compare both sides, without changing anything.")
@click.option("--follow", is_flag=True, help="Import only what changed since the last import, without confirmation.")
@click.option("--every", type=click.FloatRange(0.01), metavar="MINUTES", help="With --follow: repeat at this interval.")
@click.option("--no-verify", is_flag=True, help="Do not compare both sides at the end.")
@click.option("--restore-deleted", is_flag=True, help="Import again what was deleted here since the last import.")
@click.option(
    "--source-token-file",
    type=click.Path(exists=True, allow_dash=True, path_type=Path),
    metavar="FILE",
    help="The token for the source, in a file; - is standard input.",
)
@click.option("--source-id", metavar="NAME", default="", help=SOURCE_ID)
@click.option(
    "--insecure-http", is_flag=True, help="Send the source's token unencrypted: anybody in between can read it."
)
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def import_(
    *,
    source: str,
    patterns: tuple[str, ...],
    dry_run: bool,
    verify: bool,
    follow: bool,
    every: float | None,
    no_verify: bool,
    restore_deleted: bool,
    source_token_file: Path | None,
    source_id: str,
    insecure_http: bool,
    yes: bool,
    profile: str | None,
    as_json: bool,
) -> None:
    """Import the models of another registry as they are there: numbers, stages, times, authors, aliases, and more.

    SOURCE is the URL of an MLflow server, of its database (sqlite:///mlflow.db, postgresql://...; with MLflow
    installed), or of a workspace of Databricks or another tui-registry; databricks://PROFILE of ~/.databrickscfg; or a
    file that export wrote. Its token is in TUI_REGISTRY_SOURCE_TOKEN, that of an MLflow server in MLflow's own
    variables, too.

    It can be interrupted and repeated: it then continues, and imports what changed there since. What was changed here
    since an import stays, and is listed. The exit code is 1 unless everything is here as it is there. For
    administrators."""
    if every is not None and not follow:
        raise click.UsageError("--every is for --follow.")
    token = "" if source_token_file is None else _token(source_token_file)
    writes = not (dry_run or verify)
    with opened(profile, writes=writes) as session:
        opened_source = _run(session, _open(source, token, source_id, insecure_http=insecure_http))

        def once() -> "Report":
            found = _once(
                session,
                opened_source,
                patterns,
                dry_run=dry_run,
                restore_deleted=restore_deleted,
                imports=not verify,
                verifies=verify or not (dry_run or no_verify or follow),
                asks=writes and not (yes or follow),
            )
            _print(found, as_json=as_json, dry_run=dry_run, verify=verify, follow=follow)
            return found

        try:
            report = once() if every is None else _repeat(once, every * 60)
        finally:
            _run(session, opened_source.close())
    if not report.is_clean:
        raise Failure(Exit.REFUSED, _unclean(report))


async def _open(where: str, token: str, identity: str, *, insecure_http: bool) -> "Source":
    from tui_registry.transfer.opening import open_source

    return await open_source(where, token=token, identity=identity, insecure_http=insecure_http)


def _once(
    session: Session,
    source: "Source",
    patterns: tuple[str, ...],
    *,
    dry_run: bool,
    restore_deleted: bool,
    imports: bool,
    verifies: bool,
    asks: bool,
) -> "Report":
    from tui_registry.transfer import importer
    from tui_registry.transfer.report import Report

    names = [name for name in _run(session, source.names()) if _is_wanted(name, patterns)]
    report = Report(source.identity)
    if asks and names:
        _confirm(f"Import {len(names)} models from {source.identity} into {session.client.url}?")

    async def bring() -> None:
        with Progress("Importing", len(names)) as progress:
            async for result in importer.import_all(
                source, session.client, names, dry_run=dry_run, restore_deleted=restore_deleted
            ):
                report.add(result)
                progress.advance()

    async def compare() -> None:
        report.verified = 0
        with Progress("Comparing", len(names)) as progress:
            async for result in importer.verify_all(source, session.client, names):
                report.add_verified(result)
                progress.advance()

    async def look_for_deleted() -> None:
        async for result in importer.deleted_at_source(session.client, source, frozenset(names)):
            if _is_wanted(result.name, patterns):
                report.add_differences(result.name, result.differences)

    if imports:
        _run(session, bring())
    else:
        report.models = len(names)
    if verifies:
        _run(session, compare())
    _run(session, look_for_deleted())
    report.lacking = sorted(source.lacking)
    return report


def _run(session: Session, work: Coroutine[Any, Any, T]) -> T:
    """As Session.run. Whatever happens, what was imported until then stays, and can be repeated."""
    from tui_registry.transfer.source import SourceError

    try:
        return session.run(work)
    except SourceError as error:
        raise Failure(Exit.REFUSED, str(error)) from None
    except Failure as failure:
        if failure.exit_code == Exit.INTERRUPTED:
            raise Failure(Exit.INTERRUPTED, INTERRUPTED) from None
        raise


def _is_wanted(name: str, patterns: tuple[str, ...]) -> bool:
    return not patterns or any(fnmatchcase(name, pattern) for pattern in patterns)


def _confirm(question: str) -> None:
    if not sys.stdin.isatty():
        raise Failure(Exit.REFUSED, f"{question} Confirm with --yes, or preview it with --dry-run.")
    if not click.confirm(whole(question), err=True):
        raise Failure(Exit.REFUSED, "Nothing was imported.")


def _repeat(once: Callable[[], object], seconds: float) -> NoReturn:
    """Until it is interrupted, or fails permanently: either side may be down for some time."""
    while True:
        try:
            once()
        except Failure as failure:
            if failure.exit_code != Exit.UNREACHABLE:
                raise
            note(failure.message)
        try:
            time.sleep(seconds)
        except KeyboardInterrupt:
            raise Failure(Exit.INTERRUPTED, INTERRUPTED) from None


def _print(report: "Report", *, as_json: bool, dry_run: bool, verify: bool, follow: bool) -> None:
    if as_json:
        print_json(report.as_json() | {"dry_run": dry_run})
        return
    print_lines(whole(line) for line in report.lines())
    if report.lacking:
        note(f"The source does not have, or does not let you read: {', '.join(report.lacking)}.")
    counts = report.counts
    if not verify:
        brought = (
            f"{counts.created_models} models, {counts.created_versions} versions, {counts.changes} changes and "
            f"{counts.activities} activities"
        )
        verb = "would be imported" if dry_run else "imported"
        of = "" if follow else f", of {report.models} models at the source"
        note(f"{brought} {verb}{of}.")
    if report.verified is not None:
        note(f"{report.verified} of {report.models} models are the same on both sides.")
    if dry_run:
        note(DRY_RUN)


def _unclean(report: "Report") -> str:
    differences = len(report.differences) + report.more_differences
    failed = f", and {len(report.failed)} models failed" if report.failed else ""
    return f"There are {differences} differences{failed}."


def _token(file: Path) -> str:
    from tui_registry.client.access_token import TokenError, clean

    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
        return clean(text, str(file))
    except (OSError, UnicodeDecodeError, TokenError) as error:
        raise Failure(Exit.REFUSED, f"{file} cannot be read: {error}.") from None
