"""Llama Guard 4 (text only): the output of Llama Guard 3.

Source: meta-llama/PurpleLlama, Llama-Guard4/12B/MODEL_CARD.md.
"""

from __future__ import annotations

from dataclasses import dataclass

from safeglot.judge.families.llama_guard_3 import LlamaGuard3


@dataclass(frozen=True, slots=True, kw_only=True)
class LlamaGuard4(LlamaGuard3):
    """Chat endpoint; the server has to turn plain contents into the parts its template expects."""

    family: str = "llama-guard-4"
