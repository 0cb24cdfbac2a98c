"""The folder of a translation set: its files, and what must not change under its name.

manifest.json        what it was made from: models, revisions, hashes, gate; counts and digest
translations.jsonl   a row for each prompt and language: the text that stands for it, and how it ended
candidates.jsonl     a row for each text that a translator gave, or did not give
replies.db           what the models answered: a set that was stopped goes on from there
translations.html    the page to look at
croissant.json       the data card, in the format Croissant
log.jsonl            times and tokens, without texts
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

from safeglot.backends.files.links import check_folder, check_regular, private_folder
from safeglot.backends.files.manifest import SetManifest, check_tags
from safeglot.backends.files.rating_file import json_rows
from safeglot.backends.files.records import Misfit, read_record, table_of
from safeglot.backends.files.rundir import held, read_text, write_parts, write_text
from safeglot.errors import UsageError
from safeglot.keys import json_encoder
from safeglot.types import OUTCOMES, CandidateRow, Outcome

FORMAT = 1
_FILES = (
    "manifest.json", "translations.jsonl", "candidates.jsonl", "replies.db", "translations.html",
    "log.jsonl", "ratings.jsonl", "croissant.json", ".lock",
)  # fmt: skip
_DO = "Make the set again with another --out"


_MORE = ("broken", "faults", "quality", "untold", "rank")
_encode = json_encoder(ensure_ascii=False)


class TranslationFolder:
    """One translation set on disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.manifest = path / "manifest.json"
        self.translations = path / "translations.jsonl"
        self.candidates = path / "candidates.jsonl"
        self.database = path / "replies.db"
        self.page = path / "translations.html"
        self.log = path / "log.jsonl"
        self.card = path / "croissant.json"
        self.ratings = path / "ratings.jsonl"

    def exists(self) -> bool:
        """Return whether a set was begun here."""
        return self.manifest.exists()

    def finished(self) -> bool:
        """Return whether a set is here and was chosen to its end."""
        return self.exists() and bool(self.read_manifest().digest)

    def require(self) -> TranslationFolder:
        """Return itself. Raises: UsageError where no finished set is here."""
        if not self.exists():
            raise UsageError(
                f"{self.path}: no translation set here (no manifest.json). Make one with "
                "`safeglot translate PROMPTS --to … --with … --out " + f"{self.path}`."
            )
        if not self.finished():
            raise UsageError(
                f"{self.path}: this translation set is not finished. Run the command that began it again."
            )
        return self

    def create(self) -> None:
        """Make the folder. Raises: UsageError where it cannot be made or holds other things."""
        check_folder(self.path, self.path.parent)
        try:
            private_folder(self.path)
            there = [p.name for p in self.path.iterdir()]
        except OSError as error:
            raise UsageError(
                f"--out {self.path}: {error.strerror or error}. Give a folder that can be made and written."
            ) from None
        others = [name for name in there if not name.lstrip(".").startswith(_FILES)]
        if not self.exists() and set(others) - {".lock"}:
            shown = ", ".join(sorted(others)[:3])
            raise UsageError(
                f"--out {self.path}: holds other files ({shown}) and no translation set. Give an "
                "empty or a new folder."
            )

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Yield while the set is held for this process. Raises: UsageError where another one holds it."""
        with held(self.path, "translation set"):
            yield

    # ---- manifest

    def read_manifest(self) -> SetManifest:
        """Return the manifest. Raises: UsageError where it is damaged or of another version."""
        check_regular((self.manifest, self.translations, self.candidates, self.ratings))
        text = read_text(self.manifest, _DO)
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise UsageError(f"{self.manifest}: is damaged ({error}). {_DO}.") from None
        if not isinstance(value, dict) or value.get("format") != FORMAT:
            raise UsageError(
                f"{self.manifest}: is no manifest of a translation set of format {FORMAT}. {_DO}."
            )
        try:
            about = read_record(SetManifest, value)
            check_tags(about.languages, about.reference)
        except Misfit as error:
            raise UsageError(f"{self.manifest}: is damaged ({error}). {_DO}.") from None
        return about

    def write_manifest(self, manifest: SetManifest) -> None:
        """Write the manifest whole or not at all."""
        text = json.dumps(table_of(manifest), ensure_ascii=False, indent=1)
        write_text(self.manifest, text + "\n")

    # ---- rows

    def write_rows(
        self,
        candidates: Sequence[CandidateRow],
        translations: Iterable[Mapping[str, Any]],
        *,
        ranks: Sequence[float | None] = (),
    ) -> None:
        """Write both tables whole or not at all; `ranks` are those of the candidates."""
        ranked = zip_longest(candidates, ranks)
        write_parts(self.candidates, (_line(_without_empty(row, rank)) for row, rank in ranked))
        write_parts(self.translations, map(_line, translations))

    def read_candidates(self) -> Iterator[CandidateRow]:
        """Yield the candidates as they were written. Raises: UsageError."""
        for row in json_rows(self.candidates, _DO):
            yield CandidateRow(**row)

    def read_translations(self) -> Iterator[dict[str, Any]]:
        """Yield the rows of translations.jsonl. Raises: UsageError."""
        for row in json_rows(self.translations, _DO):
            if row.get("outcome") not in OUTCOMES:
                raise UsageError(
                    f"{self.translations}: the outcome is {row.get('outcome')!r}, allowed are "
                    f"{', '.join(OUTCOMES)}. {_DO}."
                )
            yield row


def translation_row(outcome: Outcome, about: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row of translations.jsonl; `about` tells what the prompt is.

    A failed translation has an empty text: never the source in its place.
    """
    chosen = outcome.chosen
    return {
        "id": outcome.prompt,
        "language": outcome.language,
        "outcome": outcome.outcome,
        "text": chosen.text if chosen else "",
        "translator": chosen.translator if chosen else "",
        "quality": dict(chosen.quality) if chosen else {},
        "reason": outcome.reason,
        **about,
    }


def _without_empty(row: CandidateRow, rank: float | None) -> dict[str, Any]:
    more = {name: value for name in _MORE if (value := getattr(row, name)) not in ("", {}, None)}
    if rank is not None:
        more["rank"] = rank
    return {"prompt": row.prompt, "language": row.language, "translator": row.translator,
            "text": row.text, **more}  # fmt: skip


def _line(row: Mapping[str, Any]) -> str:
    return _encode(row) + "\n"
