"""A model of transformers in memory, with what is to be known of it; and faults of memory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safeglot.backends.models.engines.hub import WeightsAt
from safeglot.backends.models.engines.texts import TokenTexts
from safeglot.errors import ModelError

_LONGEST = 4096
"""Tokens of a sequence, where neither model nor tokenizer says how many."""
_SHARES = {"cuda": 0.7, "mps": 0.4, "cpu": 0.25}
"""Of the free memory, once the model is loaded, for what was read: the rest is for what computes."""
_AT_ONCE = {"cuda": 32_768, "mps": 8192, "cpu": 8192}
"""Tokens that are read together."""
_GIB = 2**30


@dataclass(frozen=True, slots=True, kw_only=True)
class InMemory:
    """A model and its tokenizer."""

    model: Any
    texts: TokenTexts
    ends: frozenset[int]
    """Tokens that end an answer."""
    device: str
    most_tokens: int
    """Tokens that the memory holds, of all sequences together."""
    most_at_once: int


def load(origin: WeightsAt, folder: Path) -> InMemory:
    """Return the model of a folder, on the GPU where there is one. Raises: ModelError."""
    import torch
    import transformers

    transformers.utils.logging.disable_progress_bar()
    device = device_of(torch)
    given: dict[str, Any] = {"local_files_only": True}
    if origin.file:
        given["gguf_file"] = origin.file
    else:
        _check_room(origin.model, folder, device, torch)
    # without a GPU half precision is slow, and less exact
    dtype: Any = torch.float32 if device == "cpu" else "auto"
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **given)
        model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, **given)
        model = model.to(device).eval()
    except ImportError as error:
        raise ModelError(
            "setting",
            f"{origin.model}: a package is lacking: {first_line(error)} Install it: pip install 'safeglot[hf]'",
        ) from error
    except Exception as error:
        if is_out_of_memory(error):
            raise out_of_memory(origin.model, device, "the weights") from error
        raise ModelError(
            "setting",
            f"{origin.model}: transformers {transformers.__version__} cannot load {folder}: "
            f"{first_line(error)} A newer model may need: pip install -U transformers",
        ) from error
    longest = min(
        getattr(model.config.get_text_config(decoder=True), "max_position_embeddings", None)
        or _LONGEST,
        tokenizer.model_max_length,
    )
    return InMemory(
        model=model,
        texts=TokenTexts(tokenizer, name=origin.model, longest=longest),
        ends=_ends(model, tokenizer),
        device=device,
        most_tokens=int(_SHARES[device] * free_bytes(device, torch) / token_bytes(model)),
        most_at_once=_AT_ONCE[device],
    )


def device_of(torch: Any) -> str:
    """Return the device that models run on."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def free_bytes(device: str, torch: Any) -> int:
    """Return the memory that is free; of a machine that does not tell, 8 GiB."""
    if device == "cuda":
        return int(torch.cuda.mem_get_info()[0])
    about = Path("/proc/meminfo")
    lines = about.read_text("ascii").splitlines() if about.is_file() else []
    found = [line.split()[1] for line in lines if line.startswith("MemAvailable:")]
    return 1024 * int(found[0]) if found else 8 * _GIB


def token_bytes(model: Any) -> int:
    """Return what one token takes in the memory of what was read."""
    about = model.config.get_text_config(decoder=True)
    heads = getattr(about, "num_key_value_heads", None) or about.num_attention_heads
    size = getattr(about, "head_dim", None) or about.hidden_size // about.num_attention_heads
    return int(2 * about.num_hidden_layers * heads * size * model.dtype.itemsize)


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error says that the memory, of the machine or of its GPU, is used up."""
    names = {kind.__name__ for kind in type(error).__mro__}
    return bool(names & {"MemoryError", "OutOfMemoryError"}) or (
        isinstance(error, RuntimeError) and "allocate memory" in str(error)
    )


def out_of_memory(model: str, device: str, what: str) -> ModelError:
    """Return the error that something does not fit into memory."""
    where = "the GPU" if device == "cuda" else "this machine"
    return ModelError(
        "setting",
        f"{model}: the memory of {where} does not hold {what}. Free it (nvidia-smi, free -h), lower "
        "--concurrency, take a smaller or a quantised model (gguf/PATH), or a server over several "
        "GPUs (vllm/owner/name).",
    )


def _check_room(model: str, folder: Path, device: str, torch: Any) -> None:
    """Check that the weights fit before they are read. Raises: ModelError."""
    n_bytes = sum(file.stat().st_size for file in folder.glob("*.safetensors"))
    if device == "cpu" and n_bytes:
        import transformers

        kept = getattr(transformers.AutoConfig.from_pretrained(folder), "dtype", None)
        n_bytes *= 4 // (getattr(kept, "itemsize", 4) or 4) or 1
    free = free_bytes(device, torch)
    if n_bytes > free:
        sizes = f"its weights take {n_bytes / _GIB:.1f} GiB, and {device} has {free / _GIB:.1f} GiB free"
        raise out_of_memory(model, device, f"the weights ({sizes})")


def _ends(model: Any, tokenizer: Any) -> frozenset[int]:
    told = (getattr(model.generation_config, "eos_token_id", None), tokenizer.eos_token_id)
    lists = (ids if isinstance(ids, list) else [ids] for ids in told)
    return frozenset(int(i) for ids in lists for i in ids if i is not None and i >= 0)


def first_line(error: Exception) -> str:
    """Return the first line of an error's message, as a sentence."""
    return (str(error).strip().split("\n") or [""])[0].rstrip(".") + "."
