"""Translation models in CTranslate2's format: OPUS-MT (Marian), NLLB-200, M2M-100 and MADLAD-400.

A folder has the converted model and the SentencePiece files of the original one; transformers is
not needed.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from safeglot.backends.files.fingerprints import content_hash, short_hash
from safeglot.backends.models.engines.batching import BatchedModel, Batcher, prompt_size
from safeglot.backends.translators.families import (
    LONGEST,
    MADLAD,
    MARIAN,
    Codes,
    Tongues,
    family_of,
)
from safeglot.backends.translators.lines import (
    Line,
    TranslatedLine,
    by_line,
    half_surrogate,
    too_long,
)
from safeglot.errors import ModelError, UsageError
from safeglot.types import Reply, Request

_END = "</s>"
_SPECIAL = frozenset({_END, "<s>", "<pad>", "<unk>"})
_BATCH_CHARACTERS = 16_384
_BATCH_TOKENS = 2_048
_PIECES = {
    MARIAN: ("source.spm",),
    MADLAD: ("spiece.model", "sentencepiece.model"),
}
_SHARED_PIECES = ("sentencepiece.bpe.model", "sentencepiece.model", "spiece.model")
_INSTALL = "pip install 'safeglot[neural]' (ctranslate2 and sentencepiece)"


class Ct2Model(BatchedModel):
    """Translates with one folder; loads it at the first request.

    `codes` gives what systems call a language. Requests that wait together are one batch. A text
    is cut into lines, and a line longer than the model takes is refused, never cut off.

    Raises: UsageError where the folder is no such model or the packages are lacking.
    """

    def __init__(
        self,
        folder: Path | str,
        *,
        codes: Codes,
        beam_size: int = 4,
        device: str = "auto",
        threads: int = 0,
    ) -> None:
        self.folder = Path(folder).expanduser()
        self.beam_size = beam_size
        self._device = {"device": device, "intra_threads": threads}
        self._ctranslate2, self._sentencepiece = _packages(self.folder)
        self._config, vocabulary = _read_folder(self.folder)
        self.tongues = Tongues(
            name=f"ct2/{self.folder.name}",
            family=family_of(vocabulary),
            vocabulary=vocabulary,
            codes=codes,
        )
        self._source_pieces, self._target_pieces = _pieces(self.folder, self.tongues.family)
        self.longest = LONGEST[self.tongues.family]
        self._batcher = Batcher(self._run, most=_BATCH_CHARACTERS, size=prompt_size)

    @cached_property
    def revision(self) -> str:
        """A hash of the folder's files, and the beam."""
        files = sorted(path for path in self.folder.iterdir() if path.is_file())
        whole = short_hash(file.name.encode() + content_hash(file) for file in files)
        return f"{whole} beam={self.beam_size}"

    def fault(self, source: str, target: str) -> str:
        """Return why it cannot translate between two languages; "" where it can."""
        return self.tongues.fault(source, target)

    @cached_property
    def _engine(self) -> Any:
        try:
            return self._ctranslate2.Translator(str(self.folder), **self._device)
        except (RuntimeError, ValueError, MemoryError) as error:
            fault = f"CTranslate2 cannot load {self.folder}: {error}"
            raise ModelError("engine", fault) from error

    @cached_property
    def _spm(self) -> tuple[Any, Any]:
        make = self._sentencepiece.SentencePieceProcessor
        source = make(model_file=str(self._source_pieces))
        same = self._source_pieces == self._target_pieces
        return source, source if same else make(model_file=str(self._target_pieces))

    def _run(self, requests: Sequence[Request]) -> list[Reply | ModelError]:
        return by_line(requests, self._lines)

    def _lines(self, lines: list[Line]) -> list[TranslatedLine | ModelError]:
        results: list[TranslatedLine | ModelError | None] = [None] * len(lines)
        groups: dict[int, list[tuple[int, list[str], list[str]]]] = defaultdict(list)
        for place, line in enumerate(lines):
            try:
                tokens, prefix = self._tokens(line)
            except ModelError as error:
                results[place] = error
            else:
                groups[min(line.max_tokens or self.longest, self.longest - 1)].append(
                    (place, tokens, prefix)
                )
        for most, group in groups.items():
            for (place, _, prefix), result in zip(group, self._translate(group, most), strict=True):
                results[place] = self._done(result.hypotheses[0], len(prefix))
        return [translated for translated in results if translated is not None]

    def _tokens(self, line: Line) -> tuple[list[str], list[str]]:
        """Return the tokens of a line and the prefix of its translation. Raises: ModelError."""
        if fault := self.fault(line.source, line.target):
            raise ModelError("bad_request", fault)
        target = self.tongues.target_token(line.target)
        before, prefix = [target] if target else [], list[str]()
        if self.tongues.family not in {MARIAN, MADLAD}:
            before, prefix = [self.tongues.token(line.source)], [target]
        try:
            pieces = self._spm[0].encode(line.text, out_type=str)
        except (UnicodeError, TypeError, RuntimeError):
            raise half_surrogate() from None
        tokens = [*before, *pieces, *(() if self._config.get("add_source_eos") else (_END,))]
        if len(tokens) > self.longest:
            raise too_long(len(tokens), self.longest)
        return tokens, prefix

    def _translate(self, group: Sequence[tuple[int, list[str], list[str]]], most: int) -> Any:
        try:
            return self._engine.translate_batch(
                [tokens for _, tokens, _ in group],
                target_prefix=[prefix for _, _, prefix in group] if group[0][2] else None,
                max_batch_size=_BATCH_TOKENS,
                batch_type="tokens",
                beam_size=self.beam_size,
                max_input_length=0,  # its default would cut a long text off and say nothing
                max_decoding_length=most,
                return_end_token=True,
                disable_unk=True,  # an unknown piece would vanish from the text
            )
        except (RuntimeError, ValueError) as error:
            raise ModelError("engine", f"CTranslate2: {error}") from error

    def _done(self, tokens: Sequence[str], n_prefix: int) -> TranslatedLine:
        whole = tokens[-1:] == [_END]
        pieces = [token for token in tokens[n_prefix:] if not self._special(token)]
        return TranslatedLine(
            text=self._spm[1].decode(pieces), n_tokens=len(tokens) - n_prefix, whole=whole
        )

    def _special(self, token: str) -> bool:
        """Return whether a token is none of the text: so are NLLB's languages, which are no pieces."""
        if token in _SPECIAL:
            return True
        pieces = self._spm[1]
        is_piece = pieces.piece_to_id(token) != pieces.unk_id()
        return self.tongues.family not in {MARIAN, MADLAD} and not is_piece


def open_ct2(path: str, *, codes: Codes) -> Ct2Model:
    """Return the translator `ct2/PATH`. Raises: UsageError."""
    return Ct2Model(path, codes=codes)


def _packages(folder: Path) -> tuple[Any, Any]:
    try:
        import ctranslate2
        import sentencepiece
    except ImportError as error:
        raise UsageError(f"ct2/{folder}: {error.name} is not installed: {_INSTALL}") from error
    return ctranslate2, sentencepiece


def _read_folder(folder: Path) -> tuple[dict[str, Any], frozenset[str]]:
    """Return the configuration and the vocabulary. Raises: UsageError."""
    if not (folder / "model.bin").is_file():
        raise UsageError(
            f"ct2/{folder}: has no model.bin. Give the folder that ct2-transformers-converter or "
            "ct2-opus-mt-converter wrote, with the SentencePiece files of the model beside it."
        )
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
        names = ("shared_vocabulary", "source_vocabulary", "target_vocabulary")
        tokens: set[str] = set()
        for name in names:
            if (folder / f"{name}.json").is_file():
                tokens |= set(json.loads((folder / f"{name}.json").read_text("utf-8")))
            elif (folder / f"{name}.txt").is_file():
                tokens |= set((folder / f"{name}.txt").read_text("utf-8").split("\n"))
    except (OSError, ValueError) as error:
        raise UsageError(f"ct2/{folder}: cannot be read: {error}") from error
    return config, frozenset(tokens)


def _pieces(folder: Path, family: str) -> tuple[Path, Path]:
    """Return the SentencePiece files of both sides. Raises: UsageError."""
    names = _PIECES.get(family, _SHARED_PIECES)
    pieces = next((folder / name for name in names if (folder / name).is_file()), None)
    if pieces is None:
        raise UsageError(
            f"ct2/{folder}: a {family} model needs {' or '.join(names)} beside model.bin; copy it "
            "from the original model (--copy_files of ct2-transformers-converter)."
        )
    target = folder / "target.spm"
    return pieces, target if family == MARIAN and target.is_file() else pieces
