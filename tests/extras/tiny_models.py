"""Tiny random models in the layout of the published checkpoints, with tokenizers trained here."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

SENTENCES = [
    "How do I open a savings account in another country?",
    "Wie eröffne ich ein Konto in einem anderen Land?",
    "Come posso aprire un conto in un altro paese?",
    "Tell me a story about a dog and a boat.",
    "Erzähl mir eine Geschichte von einem Hund und einem Boot.",
    "Raccontami una storia su un cane e una barca.",
    "我怎样才能在另一个国家开户？",
    "Habari ya asubuhi, rafiki yangu.",
    "The weather will be fine tomorrow, and we shall walk.",
    "Das Wetter wird morgen schön, und wir gehen spazieren.",
]
PAIRS = [
    ("How do I open an account?", "Wie eröffne ich ein Konto?"),
    ("Tell me a story about a dog and a boat, and of the fine weather.", "Erzähl mir."),
    ("The weather", "Das Wetter wird morgen schön, und wir gehen mit dem Hund spazieren."),
    ("我怎样才能开户？", "Come posso aprire un conto?"),
    ("dog", "cane"),
]


def sentencepiece(path: Path, **settings) -> Path:
    """Train a unigram model on the sentences above."""
    import sentencepiece

    text = path.with_suffix(".txt")
    text.write_text("\n".join(SENTENCES * 20), encoding="utf-8")
    sentencepiece.SentencePieceTrainer.train(
        input=str(text),
        model_prefix=str(path.with_suffix("")),
        hard_vocab_limit=False,
        vocab_size=200,
        character_coverage=1.0,
        minloglevel=2,
        **settings,
    )
    path.with_suffix(".model").rename(path)
    return path


def xlmr_encoder(folder: Path, *, large: bool) -> Path:
    """Make a folder like that of a pretrained XLM-R: configuration and tokenizer, no weights."""
    folder.mkdir(parents=True)
    sentencepiece(folder / "sentencepiece.bpe.model")
    config = {
        "model_type": "xlm-roberta-xl" if large else "xlm-roberta",
        "architectures": ["XLMRobertaXLForMaskedLM" if large else "XLMRobertaForMaskedLM"],
        "vocab_size": 260,
        "hidden_size": 32,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "intermediate_size": 48,
        "hidden_act": "gelu",
        "max_position_embeddings": 66,
        "type_vocab_size": 1,
        "pad_token_id": 1,
        "bos_token_id": 0,
        "eos_token_id": 2,
        "layer_norm_eps": 1e-05,
        "position_embedding_type": "absolute",
    }
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder


HPARAMS = {
    "activations": "Tanh", "batch_size": 4, "class_identifier": "unified_metric", "dropout": 0.1,
    "encoder_learning_rate": 1e-06, "encoder_model": "XLM-RoBERTa", "final_activation": None,
    "hidden_sizes": [24, 16], "input_segments": ["mt", "src"], "keep_embeddings_frozen": True,
    "layer": "mix", "layer_norm": False, "layer_transformation": "sparsemax_patch",
    "layerwise_decay": 0.95, "learning_rate": 1.5e-05, "loss": "mse", "loss_lambda": 0.65,
    "nr_frozen_epochs": 0.3, "optimizer": "AdamW", "pool": "avg", "sent_layer": "mix",
    "word_layer": 2, "word_level_training": False,
}  # fmt: skip
"""The settings of wmt22-cometkiwi-da, made small."""


APART = {
    "class_identifier": "referenceless_regression_metric", "layer_norm": False,
    "layer_transformation": "softmax", "input_segments": None, "sent_layer": None,
    "word_layer": None, "word_level_training": None, "loss_lambda": None,
}  # fmt: skip
"""What is other in the settings of a model that reads each text by itself; None: not there."""


def comet(folder: Path, encoder: Path, *, callbacks=None, **changes) -> Path:
    """Make a folder like that of a published CometKiwi, with random weights."""
    import torch
    import transformers
    import yaml

    hparams = {**HPARAMS, "pretrained_model": str(encoder), **changes}
    apart = hparams["class_identifier"] == APART["class_identifier"]
    hparams = {k: v for k, v in hparams.items() if not (apart and k in APART and v is None)}
    large = hparams["encoder_model"] == "XLM-RoBERTa-XL"
    family = "XLMRobertaXL" if large else "XLMRoberta"
    torch.manual_seed(7)
    config = getattr(transformers, f"{family}Config").from_pretrained(encoder)
    config.initializer_range = 0.3
    model = getattr(transformers, f"{family}Model")(config, add_pooling_layer=False)
    state = {f"encoder.model.{k}": v.clone() for k, v in model.state_dict().items()}
    state["encoder.model.embeddings.position_ids"] = torch.arange(66).expand(1, -1).clone()
    layers = config.num_hidden_layers + 1
    for i in range(layers):
        state[f"layerwise_attention.scalar_parameters.{i}"] = torch.randn(1)
    state["layerwise_attention.gamma"] = torch.tensor([1.3])
    state["layerwise_attention.dropout_mask"] = torch.zeros(layers)
    state["layerwise_attention.dropout_fill"] = torch.full((layers,), -1e20)
    sizes = [config.hidden_size * (4 if apart else 1), *hparams["hidden_sizes"], 1]
    for i, (wide, high) in enumerate(itertools.pairwise(sizes)):
        state[f"estimator.ff.{3 * i}.weight"] = torch.randn(high, wide) / wide**0.5
        state[f"estimator.ff.{3 * i}.bias"] = torch.randn(high) / 3
    (folder / "checkpoints").mkdir(parents=True)
    (folder / "hparams.yaml").write_text(yaml.safe_dump(hparams), encoding="utf-8")
    inner = dict(hparams)
    if inner["layer_transformation"] == "sparsemax_patch":
        inner["layer_transformation"] = "sparsemax"  # as in the published checkpoint
    checkpoint = {
        "state_dict": state,
        "hyper_parameters": inner,
        "hparams_name": "kwargs",
        "pytorch-lightning_version": "2.0.0",
        "callbacks": callbacks or {},
        "epoch": 3,
        "global_step": 9,
    }
    torch.save(checkpoint, folder / "checkpoints" / "model.ckpt")
    return folder


def mt5(folder: Path, *, safetensors: bool = True) -> Path:
    """Make a folder like that of a published MetricX, with random weights, and its tokenizer in it."""
    import torch
    import transformers
    from safetensors.torch import save_file

    folder.mkdir(parents=True)
    sentencepiece(
        folder / "spiece.model",
        pad_id=0,
        eos_id=1,
        unk_id=2,
        bos_id=-1,
        normalization_rule_name="nmt_nfkc",
    )
    torch.manual_seed(11)
    config = {
        "model_type": "mt5", "architectures": ["MT5ForRegression"], "vocab_size": 250112,
        "d_model": 16, "d_kv": 4, "d_ff": 32, "num_layers": 2, "num_decoder_layers": 2,
        "num_heads": 4, "feed_forward_proj": "gated-gelu", "is_encoder_decoder": True,
        "tie_word_embeddings": False, "pad_token_id": 0, "eos_token_id": 1,
        "decoder_start_token_id": 0, "relative_attention_num_buckets": 32,
        "layer_norm_epsilon": 1e-06, "tokenizer_class": "T5Tokenizer",
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    model = transformers.MT5Model(transformers.MT5Config(**config))
    state = {k: v.clone() * (1 if "layer_norm" in k else 3) for k, v in model.state_dict().items()}
    state["encoder.embed_tokens.weight"] = state["shared.weight"].clone()
    state["decoder.embed_tokens.weight"] = state["shared.weight"].clone()
    state["lm_head.weight"] = torch.randn(250112, 16)
    if safetensors:
        save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    else:
        torch.save(state, folder / "pytorch_model.bin")
    return folder
