"""Settings that servers refused: said once, kept in the manifest, and known on resuming."""

from __future__ import annotations

from safeglot.backends.console import Console
from safeglot.backends.files.rundir import RunDir
from safeglot.backends.files.translation_folder import TranslationFolder
from safeglot.backends.models.adaptations import Adaptations
from safeglot.config.settings import to_table
from safeglot.flow.run.manifest import with_adapted, with_entry
from safeglot.flow.run.session import stored_config


def of_run(run_dir: RunDir, console: Console) -> Adaptations:
    """Return what servers refused in a run so far; more is said, and kept in its manifest."""

    def heard(model_id: str, entry: str, why: str) -> None:
        console.say(note_of(model_id, entry, why))
        config = stored_config(run_dir)
        about = with_adapted(run_dir.read_manifest(), model_id, entry, config)
        run_dir.write(to_table(config), about)

    return Adaptations(run_dir.read_manifest().adapted, heard)


def of_set(folder: TranslationFolder, console: Console) -> Adaptations:
    """Return what servers refused in a translation set so far; more is said, and kept in its manifest."""

    def heard(model_id: str, entry: str, why: str) -> None:
        console.say(note_of(model_id, entry, why))
        if folder.exists():
            folder.write_manifest(with_entry(folder.read_manifest(), model_id, entry))

    known = folder.read_manifest().adapted if folder.exists() else {}
    return Adaptations(known, heard)


def note_of(model_id: str, entry: str, why: str) -> str:
    """Return what is said of a setting that was refused."""
    setting, _, sent = entry.partition("=")
    if sent != "none":
        what = f"it is sent as {sent} from now on"
    elif setting == "logprobs":
        what = "it is asked for none from now on; verdicts of such a judge have no p_unsafe"
    else:
        what = "it is asked without from now on, so the server's own acts; the signature says so"
    return f"note: {model_id}: its server refuses {setting}; {what}. It said: {why}"
