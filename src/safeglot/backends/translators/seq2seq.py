"""Translation models of the Hugging Face Hub or a folder, run by transformers: `hf/NAME`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from safeglot.backends.files.fingerprints import short_hash
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

_BATCH_CHARACTERS = 16_384
_INSTALL = "pip install 'safeglot[neural]' (torch and transformers)"
_TYPES = {"marian": MARIAN, "m2m_100": "", "t5": MADLAD, "mt5": MADLAD}
"""Model types of transformers; M2M-100's is that of NLLB too."""


class Seq2SeqModel(BatchedModel):
    """Translates with one model of OPUS-MT's, NLLB-200's, M2M-100's or MADLAD-400's family.

    It is loaded at the first request or question; decoding is what the model's generation
    configuration says, without sampling. Where the memory does not hold a batch, it is halved.

    Raises: UsageError where it cannot be had, is of another family, or packages are lacking.
    """

    loads = "_model"

    def __init__(
        self, name: str, *, codes: Codes, pinned: str | None = None, device: str = "auto"
    ) -> None:
        self.name = name
        self._codes = codes
        self._pinned = pinned
        self._torch, self._transformers = _packages(name)
        self._device = device if device != "auto" else _device(self._torch)
        self._batcher = Batcher(self._run, most=_BATCH_CHARACTERS, size=prompt_size)

    @cached_property
    def revision(self) -> str:
        """The commit of the Hub, or a hash of the weights where the model is a folder."""
        return str(self._commit or self._pinned or _fingerprint(self._model))

    @cached_property
    def tongues(self) -> Tongues:
        """The languages of the model. Raises: UsageError where it is of another family."""
        vocabulary = frozenset(self._tokenizer.get_vocab())
        kind = str(self._model.config.model_type)
        family = family_of(vocabulary)
        if kind not in _TYPES or _TYPES[kind] not in {"", family}:
            raise UsageError(
                f"hf/{self.name}: is a {kind} model whose vocabulary tells no languages. Allowed: "
                "OPUS-MT (marian), NLLB-200 and M2M-100 (m2m_100), MADLAD-400 (t5)."
            )
        return Tongues(
            name=f"hf/{self.name}", family=family, vocabulary=vocabulary, codes=self._codes
        )

    def fault(self, source: str, target: str) -> str:
        """Return why it cannot translate between two languages; "" where it can."""
        return self.tongues.fault(source, target)

    @property
    def longest(self) -> int:
        """Tokens that a line may have."""
        most = LONGEST[self.tongues.family]
        return min(most, getattr(self._model.config, "max_position_embeddings", None) or most)

    @cached_property
    def _tokenizer(self) -> Any:
        return self._load(self._transformers.AutoTokenizer)

    @cached_property
    def _model(self) -> Any:
        return self._load(self._transformers.AutoModelForSeq2SeqLM).to(self._device).eval()

    @cached_property
    def _commit(self) -> str:
        return str(getattr(self._model.config, "_commit_hash", None) or "")

    def _load(self, kind: Any) -> Any:
        try:
            return kind.from_pretrained(self.name, revision=self._pinned or "main")
        except (OSError, ValueError, ImportError) as error:
            first = str(error).strip().split("\n")[0]
            raise UsageError(f"hf/{self.name}: cannot be loaded: {first}") from error

    def _run(self, requests: Sequence[Request]) -> list[Reply | ModelError]:
        return by_line(requests, self._lines)

    def _lines(self, lines: list[Line]) -> list[TranslatedLine | ModelError]:
        """Return the translated lines; a batch has one direction and one limit."""
        results: dict[int, TranslatedLine | ModelError] = {}
        groups: dict[tuple[str, str, int], list[tuple[int, list[int]]]] = defaultdict(list)
        for place, line in enumerate(lines):
            try:
                ids = self._ids(line)
            except ModelError as error:
                results[place] = error
            else:
                most = min(line.max_tokens or self.longest, self.longest - 1)
                groups[line.source, line.target, most].append((place, ids))
        for (_, target, most), group in groups.items():
            done = self._halving([ids for _, ids in group], target, most)
            results |= dict(zip((place for place, _ in group), done, strict=True))
        return [results[place] for place in range(len(lines))]

    def _ids(self, line: Line) -> list[int]:
        """Return the token ids of a line. Raises: ModelError."""
        if fault := self.fault(line.source, line.target):
            raise ModelError("bad_request", fault)
        text, family = line.text, self.tongues.family
        if any("\ud800" <= c <= "\udfff" for c in text):
            raise half_surrogate()
        before = self.tongues.source_token(line.source) or self.tongues.target_token(line.target)
        # Marks that stand in a text are text: "</s>" would end it, ">>fra<<" set its language.
        encoded = self._tokenizer(
            f" {text}" if family == MARIAN else text,
            add_special_tokens=False,
            split_special_tokens=True,
            truncation=False,
        )
        marks = [self._tokenizer.convert_tokens_to_ids(before)] if before else []
        special, unknown = set(self._tokenizer.all_special_ids), self._tokenizer.unk_token_id
        words = [
            unknown if token_id in special else int(token_id) for token_id in encoded["input_ids"]
        ]
        ids = [*marks, *words, self._tokenizer.eos_token_id]
        if len(ids) > self.longest:
            raise too_long(len(ids), self.longest)
        return ids

    def _halving(
        self, batch: list[list[int]], target: str, most: int
    ) -> list[TranslatedLine | ModelError]:
        try:
            return list(self._generate(batch, target, most))
        except (self._torch.OutOfMemoryError, MemoryError):
            if self._device == "cuda":
                self._torch.cuda.empty_cache()
        if len(batch) == 1:
            fault = f"the memory of {self._device} does not hold one text of {len(batch[0])} tokens"
            return [ModelError("engine", fault)]
        half = len(batch) // 2
        return [
            *self._halving(batch[:half], target, most),
            *self._halving(batch[half:], target, most),
        ]

    def _generate(self, batch: list[list[int]], target: str, most: int) -> list[TranslatedLine]:
        padded = self._tokenizer.pad({"input_ids": batch}, return_tensors="pt").to(self._device)
        forced: dict[str, Any] = {}
        if self._tokenizer.unk_token_id is not None:  # it would vanish from the text
            forced["suppress_tokens"] = [self._tokenizer.unk_token_id]
        if self.tongues.family not in {MARIAN, MADLAD}:
            token = self.tongues.token(target)
            forced["forced_bos_token_id"] = self._tokenizer.convert_tokens_to_ids(token)
        with self._torch.inference_mode():
            out = self._model.generate(
                input_ids=padded["input_ids"],
                attention_mask=padded["attention_mask"],
                max_new_tokens=most,
                do_sample=False,
                # OPUS-MT's configurations force an end at the limit, which hides that it was hit.
                forced_eos_token_id=None,
                **forced,
            )
        return [self._done(row) for row in out.tolist()]

    def _done(self, row: list[int]) -> TranslatedLine:
        end = self._tokenizer.eos_token_id
        made = row[1:]  # the first is what decoding starts with
        whole = end in made
        made = made[: made.index(end) + 1] if whole else made
        text = self._tokenizer.decode(made, skip_special_tokens=True)
        return TranslatedLine(text=text.strip(), n_tokens=len(made), whole=whole)


def open_seq2seq(path: str, *, codes: Codes) -> Seq2SeqModel:
    """Return the translator `hf/OWNER/NAME[@REVISION]` or `hf/FOLDER`. Raises: UsageError."""
    name, _, pinned = path.partition("@")
    return Seq2SeqModel(name, codes=codes, pinned=pinned or None)


def _packages(name: str) -> tuple[Any, Any]:
    try:
        import torch
        import transformers
    except ImportError as error:
        raise UsageError(f"hf/{name}: {error.name} is not installed: {_INSTALL}") from error
    return torch, transformers


def _device(torch: Any) -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _fingerprint(model: Any) -> str:
    """Return a short hash of a model's weights."""
    return short_hash(
        part
        for name, tensor in sorted(model.state_dict().items())
        for part in (name.encode(), tensor.detach().float().cpu().numpy().tobytes())
    )
