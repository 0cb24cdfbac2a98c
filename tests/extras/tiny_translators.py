"""Tiny translation models with random weights, of the real architectures and file layouts."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import sentencepiece
import torch
from ctranslate2.converters import TransformersConverter
from transformers import (
    M2M100Config,
    M2M100ForConditionalGeneration,
    MarianConfig,
    MarianMTModel,
    MarianTokenizer,
    NllbTokenizer,
    T5Config,
    T5ForConditionalGeneration,
    T5Tokenizer,
)

LINES = [
    "the house is big and the tree is green",
    "la casa es grande y el árbol es verde",
    "la maison est grande et l'arbre est vert",
    "how do I hide the money from the office",
    "write a short story about a dog, please.",
] * 20
POSITIONS = 64


def pieces(folder: Path, prefix: str, symbols: tuple[str, ...] = (), kind: str = "unigram") -> Path:
    """Train a SentencePiece model and return its file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "lines.txt").write_text("\n".join(LINES))
    sentencepiece.SentencePieceTrainer.train(
        input=str(folder / "lines.txt"),
        model_prefix=str(folder / prefix),
        vocab_size=52 + len(symbols),
        user_defined_symbols=list(symbols),
        pad_id=3 if symbols else -1,
        model_type=kind,
        minloglevel=2,
        hard_vocab_limit=False,
    )
    return folder / f"{prefix}.model"


def marian(folder: Path, targets: tuple[str, ...] = ()) -> Path:
    """Make a Marian model as OPUS-MT's are stored; with `targets`, one of several targets."""
    raw = folder / "raw"
    source, target = pieces(raw, "source"), pieces(raw, "target")
    found: list[str] = []
    for file in (source, target):
        model = sentencepiece.SentencePieceProcessor(model_file=str(file))
        found += [model.id_to_piece(i) for i in range(model.get_piece_size())]
    words = [w for w in dict.fromkeys(found) if w not in {"</s>", "<unk>", "<s>"}]
    tokens = ["</s>", "<unk>", *(f">>{t}<<" for t in targets), *words, "<pad>"]
    out = folder / ("opus-mt-en-mul" if targets else "opus-mt-en-es")
    out.mkdir()
    (raw / "vocab.json").write_text(json.dumps({token: i for i, token in enumerate(tokens)}))
    tokenizer = MarianTokenizer(
        source_spm=str(source),
        target_spm=str(target),
        vocab=str(raw / "vocab.json"),
        model_max_length=POSITIONS,
    )
    torch.manual_seed(1)
    size = len(tokens)
    config = MarianConfig(
        **_sizes(size), pad_token_id=size - 1, eos_token_id=0, decoder_start_token_id=size - 1
    )
    _save(MarianMTModel(config), tokenizer, out, forced_eos_token_id=0)
    return out


def nllb(folder: Path) -> Path:
    """Make a model as NLLB-200's are stored."""
    file = pieces(folder / "raw", "sentencepiece.bpe", kind="bpe")
    tokenizer = NllbTokenizer.from_pretrained(
        str(folder / "raw"),
        src_lang="eng_Latn",
        extra_special_tokens=["eng_Latn", "spa_Latn", "fra_Latn"],
    )
    torch.manual_seed(2)
    config = M2M100Config(
        **_sizes(len(tokenizer)), pad_token_id=1, bos_token_id=0, eos_token_id=2,
        decoder_start_token_id=2,
    )  # fmt: skip
    out = folder / "hf"
    _save(M2M100ForConditionalGeneration(config), tokenizer, out)
    shutil.copy(file, out / "sentencepiece.bpe.model")
    return out


def madlad(folder: Path) -> Path:
    """Make a model as MADLAD-400's are stored."""
    file = pieces(folder / "raw", "spiece", ("<2en>", "<2es>", "<2fr>"))
    tokenizer = T5Tokenizer.from_pretrained(str(folder / "raw"), extra_ids=0)
    torch.manual_seed(3)
    config = T5Config(
        vocab_size=len(tokenizer), d_model=16, d_kv=8, d_ff=32, num_layers=1, num_heads=2,
        pad_token_id=3, eos_token_id=2, decoder_start_token_id=3,
    )  # fmt: skip
    out = folder / "hf"
    _save(T5ForConditionalGeneration(config), tokenizer, out)
    shutil.copy(file, out / "spiece.model")
    return out


def converted(folder: Path, *files: str) -> Path:
    """Convert a model with CTranslate2's own converter."""
    out = folder.parent / "ct2" / folder.name
    TransformersConverter(str(folder), copy_files=list(files)).convert(str(out))
    return out


def _sizes(size: int) -> dict[str, Any]:
    return {
        "vocab_size": size,
        "d_model": 16,
        "encoder_layers": 1,
        "decoder_layers": 1,
        "encoder_attention_heads": 2,
        "decoder_attention_heads": 2,
        "encoder_ffn_dim": 32,
        "decoder_ffn_dim": 32,
        "max_position_embeddings": POSITIONS,
    }


def _save(model: Any, tokenizer: Any, out: Path, **generation: Any) -> None:
    for name, value in {"num_beams": 1, "max_length": POSITIONS, **generation}.items():
        setattr(model.generation_config, name, value)
    # Random weights say much the same at every position; larger ones make the texts differ.
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.mul_(8.0)
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)
