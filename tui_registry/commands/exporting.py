"""``tui-registry export``: write all models to an archive."""

from datetime import UTC, datetime
from fnmatch import fnmatchcase
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui_registry.commands.exit_codes import Exit, Failure
from tui_registry.commands.output import Progress, note, print_json
from tui_registry.commands.registry import opened, registry_command

if TYPE_CHECKING:
    from tui_registry.client.registry import RegistryClient
    from tui_registry.transfer.archive import ArchiveWriter, Manifest


@registry_command
@click.command()
@click.argument("file", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--models", "patterns", metavar="PATTERN", multiple=True, help="Only models of these names: 'churn-*'.")
@click.option("--force", is_flag=True, help="Replace FILE, if there is one.")
@click.option(
    "--source-id", metavar="NAME", default="", help="The name by which imports recognize it. [default: its URL]"
)
def export(
    *, file: Path, patterns: tuple[str, ...], force: bool, source_id: str, profile: str | None, as_json: bool
) -> None:
    """Write the models that you may see, with all that belongs to them, to a ZIP file that import reads.

    It has versions, stages, tags, aliases, permissions, comments, open requests and activities; no tokens, webhooks or
    accounts. Each model is as it is when it is read; FILE is there once it is complete."""
    if file.exists() and not force:
        raise Failure(Exit.REFUSED, f"{file} exists already. Replace it with --force, or choose another name.")
    with opened(profile) as session:
        from tui_registry.transfer.archive import ArchiveWriter

        try:
            writer = ArchiveWriter(file)
        except OSError as error:
            raise Failure(Exit.REFUSED, f"{file} cannot be written: {error.strerror}.") from None
        try:
            manifest = session.run(_write(session.client, writer, patterns, source_id))
        except OSError as error:
            raise Failure(Exit.REFUSED, f"{file} could not be written: {error.strerror}. Nothing is left.") from None
        finally:
            writer.discard()
    if as_json:
        print_json(manifest.model_dump(mode="json"))
    else:
        note(f"{manifest.models} models are in {file}.")


async def _write(
    client: "RegistryClient", writer: "ArchiveWriter", patterns: tuple[str, ...], source_id: str
) -> "Manifest":
    from tui_registry.transfer.archive import FORMAT, VERSION, Manifest
    from tui_registry.transfer.workspace import Workspace

    source = Workspace(client, source_id or client.url, lists_by_model=True, owns_transport=False)
    names = [name for name in await source.names() if not patterns or any(fnmatchcase(name, p) for p in patterns)]
    with Progress("Exporting", len(names)) as progress:
        for name in names:
            document = await source.read(name)
            if document is not None:  # deleted meanwhile
                writer.add(document)
            progress.advance()
    manifest = Manifest(
        format=FORMAT,
        version=VERSION,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        program=f"tui-registry {installed_version('tui-registry')}",
        source=source.identity,
        parts=sorted(source.parts),
        activities=source.has_activities,
        models=writer.count,
    )
    writer.commit(manifest)
    return manifest
