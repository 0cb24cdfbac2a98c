"""Where the weights of `hf/…` and `vllm-local/…` are: a folder, a GGUF file, or a name of the Hugging Face Hub."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from safeglot.backends.files.fingerprints import file_fingerprint, folder_fingerprint
from safeglot.backends.models.engines.base import gguf_fault, require
from safeglot.errors import UsageError

_SHA_LENGTH = 40
_NEEDED = ("*.json", "*.safetensors", "*.model", "*.txt", "*.jinja", "*.tiktoken")
_LONGEST_LIST = 5


@dataclass(frozen=True, kw_only=True)
class WeightsAt:
    """The place of a model's weights; `model` is its model string, for messages."""

    model: str
    name: str
    """The folder, or the name on the Hub."""
    file: str = ""
    """The GGUF file in the folder, where that is the model."""
    wanted: str = ""
    """The revision that was asked for."""
    is_here: bool = True

    @cached_property
    def revision(self) -> str:
        """A hash of every byte, or the commit of the Hub, which is asked only where it is not known here.

        Raises: UsageError.
        """
        if self.file:
            return file_fingerprint(Path(self.name, self.file))
        return folder_fingerprint(Path(self.name)) if self.is_here else self._commit()

    def folder(self) -> Path:
        """Return the folder with the weights, fetched from the Hub where they are not here. Raises: UsageError."""
        if self.is_here:
            return Path(self.name)
        from huggingface_hub import snapshot_download

        try:
            return Path(
                snapshot_download(self.name, revision=self.revision, allow_patterns=list(_NEEDED))
            )
        except Exception as error:
            raise self._fault(error) from error

    def _commit(self) -> str:
        from huggingface_hub import HfApi
        from huggingface_hub.constants import HF_HUB_CACHE

        wanted = self.wanted or "main"
        if len(wanted) == _SHA_LENGTH and set(wanted) <= set("0123456789abcdef"):
            return wanted
        # what was fetched before is taken again: a run must be resumed with the same weights
        folder = Path(HF_HUB_CACHE, f"models--{self.name.replace('/', '--')}")
        ref = folder / "refs" / wanted
        if ref.is_file():
            return ref.read_text("utf-8").strip()
        try:
            return str(HfApi().model_info(self.name, revision=wanted).sha)
        except Exception as error:
            raise self._fault(error) from error

    def _fault(self, error: Exception) -> UsageError:
        first = str(error).strip().split("\n")[0]
        at = f" at revision {self.wanted}" if self.wanted else ""
        return UsageError(
            f"{self.model}: {self.name} is no folder here and cannot be had from the Hugging Face Hub{at} "
            f"({type(error).__name__}: {first}). Check the name; a gated model needs its licence "
            "accepted and `hf auth login`. Without network give the folder of a copy: "
            f"{self.model.partition('/')[0]}/PATH"
        )


class HubEngine:
    """A model whose weights are in a folder, a GGUF file or under a name of the Hub, without what opens it."""

    slots: ClassVar[int] = 512
    name: ClassVar[str]
    packages: ClassVar[tuple[str, ...]]
    extra: ClassVar[str]

    def __init__(self, path: str, revision: str = "") -> None:
        require(f"{self.name}/{path}", self.packages, self.extra)
        self.origin = origin_of(self.name, path, revision)

    @property
    def place(self) -> str:
        """The folder or the name, and the file in it."""
        file = f"/{self.origin.file}" if self.origin.file else ""
        return f"{self.name}/{self.origin.name}{file}@{self.origin.wanted}"

    @property
    def revision(self) -> str:
        """A hash of every byte, or the commit. Raises: UsageError."""
        return self.origin.revision


def origin_of(engine: str, path: str, revision: str) -> WeightsAt:
    """Return the origin of ENGINE/PATH; nothing is fetched. Raises: UsageError where it cannot be a model."""
    model = f"{engine}/{path}"
    place = Path(path).expanduser()
    if place.is_dir():
        _check(model, place, revision)
        return WeightsAt(model=model, name=str(place.resolve()))
    if place.suffix == ".gguf":
        if fault := gguf_fault(place):
            raise UsageError(
                f"{model}: {fault}. Give the path of a .gguf file, a folder or a name."
            )
        return WeightsAt(model=model, name=str(place.resolve().parent), file=place.name)
    name, _, pinned = path.partition("@")
    if pinned and revision not in ("", pinned):
        raise UsageError(f'{model}: names one revision and its table another ("{revision}")')
    if path.startswith((".", "~", "/")) or name.count("/") > 1 or not name:
        raise UsageError(
            f"{model}: no such folder. Give the folder of a model (with its config.json), a .gguf "
            f"file, or a name of the Hugging Face Hub, as in {engine}/owner/name."
        )
    return WeightsAt(model=model, name=name, wanted=pinned or revision, is_here=False)


def _check(model: str, folder: Path, revision: str) -> None:
    if revision:
        raise UsageError(
            f"{model}: is a folder, which its bytes pin. Take revision = {revision!r} out."
        )
    if not (folder / "config.json").is_file():
        names = sorted(path.name for path in folder.iterdir())
        more = ", …" * (len(names) > _LONGEST_LIST)
        held = f"{', '.join(names[:_LONGEST_LIST])}{more}" if names else "nothing"
        raise UsageError(
            f"{model}: the folder has no config.json, so it holds no model of transformers; it has "
            f"{held}. Give the folder that save_pretrained or `hf download` wrote, or a .gguf file."
        )
