from __future__ import annotations

import asyncio
import json
import math
from pathlib import Path

import pytest
import torch
import transformers

from extras.tiny_models import APART, PAIRS, comet, mt5, xlmr_encoder
from safeglot.backends.estimators import comet_heads, comet_model, metricx_model, quality_models
from safeglot.backends.files.fingerprints import folder_fingerprint
from safeglot.errors import ModelError, UsageError
from safeglot.types import Request


def asked(src, mt):
    return Request(model="tiny", prompt=json.dumps({"src": src, "mt": mt}), max_tokens=1)


def answers(model, pairs, *, together=True):
    async def run():
        try:
            if together:
                return await asyncio.gather(*(model.answer(asked(*pair)) for pair in pairs))
            return [await model.answer(asked(*pair)) for pair in pairs]
        finally:
            await model.close()

    return asyncio.run(run())


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small")
    encoder = xlmr_encoder(folder / "infoxlm", large=False)
    callbacks = {"ModelCheckpoint": {"dirpath": Path("/somewhere")}}  # no tensor, and not run
    return comet(folder / "kiwi", encoder, callbacks=callbacks), encoder


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    folder = tmp_path_factory.mktemp("large")
    encoder = xlmr_encoder(folder / "xlmr-xl", large=True)
    changes = {"layer_norm": True, "layer_transformation": "sparsemax"}
    return comet(folder / "kiwi", encoder, encoder_model="XLM-RoBERTa-XL", **changes), encoder


@pytest.fixture(scope="module")
def metricx(tmp_path_factory):
    return mt5(tmp_path_factory.mktemp("metricx") / "metricx-24-hybrid-tiny")


def by_hand(folder, encoder, src, mt, *, xl=False, norm=False, sparse=False):
    """CometKiwi for one pair without padding: torch's own modules, weights put in one by one."""
    state = torch.load(folder / "checkpoints" / "model.ckpt", weights_only=False)["state_dict"]
    family = "XLMRobertaXL" if xl else "XLMRoberta"
    model = getattr(transformers, f"{family}Model")(
        getattr(transformers, f"{family}Config").from_pretrained(encoder), add_pooling_layer=False
    ).eval()
    body = {k[14:]: v for k, v in state.items() if k.startswith("encoder.model.")}
    body.pop("embeddings.position_ids")
    model.load_state_dict(body)
    pieces = transformers.XLMRobertaTokenizerFast.from_pretrained(encoder)
    ids = pieces(mt, src)["input_ids"]  # the tokenizer's own template for a pair
    with torch.no_grad():
        layers = model(input_ids=torch.tensor([ids]), output_hidden_states=True).hidden_states
        assert len(layers) == 4
        if norm:
            layers = [(x - x.mean()) / (x.var(unbiased=False) + 1e-12).sqrt() for x in layers]
        scalars = [float(state[f"layerwise_attention.scalar_parameters.{i}"]) for i in range(4)]
        shares = simplex(scalars) if sparse else torch.tensor(scalars).softmax(0).tolist()
        mixed = sum(share * layer[0, 0] for share, layer in zip(shares, layers, strict=True))
        vector = state["layerwise_attention.gamma"] * mixed
        for at in (0, 3):
            vector = torch.tanh(
                state[f"estimator.ff.{at}.weight"] @ vector + state[f"estimator.ff.{at}.bias"]
            )
        return float(state["estimator.ff.6.weight"] @ vector + state["estimator.ff.6.bias"])


def simplex(scalars):
    """Euclidean projection onto the simplex, its threshold found by bisection."""
    low, high = min(scalars) - 1, max(scalars)
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (
            (middle, high) if sum(max(x - middle, 0) for x in scalars) > 1 else (low, middle)
        )
    return [max(x - low, 0) for x in scalars]


def test_cometkiwi_gives_what_the_formula_gives(small):
    folder, encoder = small
    told = [float(reply.text) for reply in answers(quality_models.comet(folder, encoder), PAIRS)]
    wanted = [by_hand(folder, encoder, src, mt) for src, mt in PAIRS]
    assert told == pytest.approx(wanted, abs=1e-5)
    assert len({round(one, 3) for one in told}) == len(PAIRS)


def test_cometkiwi_xl_with_sparsemax_and_layer_norm(large):
    folder, encoder = large
    told = [float(reply.text) for reply in answers(quality_models.comet(folder, encoder), PAIRS)]
    wanted = [by_hand(folder, encoder, *pair, xl=True, norm=True, sparse=True) for pair in PAIRS]
    assert told == pytest.approx(wanted, abs=1e-4)


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "normed"])
def apart(tmp_path_factory, request):
    folder = tmp_path_factory.mktemp("apart")
    encoder = xlmr_encoder(folder / "afro-xlmr", large=False)
    changes = {**APART, "layer_norm": request.param}
    return comet(folder / "africomet-qe", encoder, **changes), encoder, request.param


def test_a_model_that_reads_each_text_by_itself_gives_what_the_formula_gives(apart):
    """AfriCOMET's design: means of mixed layers, both beside their product and distance."""
    folder, encoder, normed = apart
    state = torch.load(folder / "checkpoints" / "model.ckpt", weights_only=False)["state_dict"]
    model = transformers.XLMRobertaModel(
        transformers.XLMRobertaConfig.from_pretrained(encoder), add_pooling_layer=False
    ).eval()
    body = {k[14:]: v for k, v in state.items() if k.startswith("encoder.model.")}
    body.pop("embeddings.position_ids")
    model.load_state_dict(body)
    pieces = transformers.XLMRobertaTokenizerFast.from_pretrained(encoder)
    scalars = torch.cat([state[f"layerwise_attention.scalar_parameters.{i}"] for i in range(4)])

    def vector(text):
        ids = torch.tensor([pieces(text)["input_ids"]])
        layers = model(input_ids=ids, output_hidden_states=True).hidden_states
        if normed:
            layers = [(x - x.mean()) / (x.var(unbiased=False) + 1e-12).sqrt() for x in layers]
        mixed = sum(s * layer[0] for s, layer in zip(scalars.softmax(0), layers, strict=True))
        return state["layerwise_attention.gamma"] * mixed.mean(0)

    def by_hand(src, mt):
        a, b = vector(mt), vector(src)
        x = torch.cat([a, b, a * b, (a - b).abs()])
        for at in (0, 3):
            x = torch.tanh(
                state[f"estimator.ff.{at}.weight"] @ x + state[f"estimator.ff.{at}.bias"]
            )
        return float(state["estimator.ff.6.weight"] @ x + state["estimator.ff.6.bias"])

    told = [float(reply.text) for reply in answers(quality_models.comet(folder, encoder), PAIRS)]
    with torch.no_grad():
        assert told == pytest.approx([by_hand(*pair) for pair in PAIRS], abs=1e-5)
    assert len({round(one, 3) for one in told}) == len(PAIRS)


@pytest.mark.parametrize("which", ["small", "large", "metricx"])
def test_a_batch_changes_no_number(which, request):
    given = request.getfixturevalue(which)
    make = quality_models.metricx if which == "metricx" else quality_models.comet
    places = (given, given) if which == "metricx" else given
    together = answers(make(*places), PAIRS)
    alone = answers(make(*places), PAIRS, together=False)
    assert [float(a.text) for a in together] == pytest.approx(
        [float(a.text) for a in alone], abs=1e-4
    )


@pytest.mark.parametrize("which", ["small", "large", "metricx"])
def test_padding_does_not_matter(which, request):
    given = request.getfixturevalue(which)
    if which == "metricx":
        weights = metricx_model.load(
            given, str(given), edition=metricx_model.EDITIONS["24"], device="cpu", dtype="float32"
        )
    else:
        weights = comet_model.load(given[0], str(given[1]), device="cpu", dtype="float32")
    rows = [weights.tokens(mt, src) for src, mt in PAIRS]
    assert len({len(row[0]) for row in rows}) > 2
    assert weights.numbers(rows)[-1] == pytest.approx(weights.numbers(rows[-1:])[0], abs=1e-4)


def test_the_order_of_the_texts_matters_and_the_translation_comes_first(small):
    folder, encoder = small
    weights = comet_model.load(folder, str(encoder), device="cpu", dtype="float32")
    pieces = weights.tokenizer
    (row,) = weights.tokens("Das Wetter", "The weather")
    marks = [at for at, one in enumerate(row) if one in (0, 2)]
    assert (row[0], row[-1]) == (0, 2)
    assert marks[2] == marks[1] + 1
    assert pieces.decode(row[1 : marks[1]]).strip() == "Das Wetter"
    assert weights.numbers([(row,)]) != weights.numbers(
        [weights.tokens("The weather", "Das Wetter")]
    )


def test_texts_that_are_too_long_are_told_apart_from_those_that_fit(small):
    folder, encoder = small
    pairs = [("The weather will be fine. " * 30, "Das Wetter"), PAIRS[0]]
    long, fits = answers(quality_models.comet(folder, encoder), pairs)
    assert long.text == f"too long: {long.n_prompt_tokens} tokens, it takes 64"
    assert math.isfinite(float(fits.text))


def test_metricx_gives_what_the_formula_gives(metricx):
    """The decoder's one step by hand from the whole model; the output row as it is in the file."""
    from safetensors.torch import load_file

    told = [float(a.text) for a in answers(quality_models.metricx(metricx, metricx), PAIRS)]
    state = load_file(metricx / "model.safetensors")
    config = transformers.MT5Config.from_pretrained(metricx)
    model = transformers.MT5Model(config).eval()
    model.load_state_dict({k: v for k, v in state.items() if k != "lm_head.weight"})
    pieces = transformers.AutoTokenizer.from_pretrained(metricx)
    for number, (src, mt) in zip(told, PAIRS, strict=True):
        ids = pieces(f"source: {src} candidate: {mt}")["input_ids"]
        assert ids[-1] == 1
        with torch.no_grad():
            found = model(input_ids=torch.tensor([ids[:-1]]), decoder_input_ids=torch.tensor([[0]]))
        logits = state["lm_head.weight"] @ found.last_hidden_state[0, 0]
        assert number == pytest.approx(min(25.0, max(0.0, float(logits[250089]))), abs=1e-4)
    assert any(0 < number < 25 for number in told)


def test_metricx_reads_bin_files_and_shards(metricx, tmp_path):
    from safetensors.torch import load_file, save_file

    state = load_file(metricx / "model.safetensors")
    torch.save(state, tmp_path / "pytorch_model.bin")
    assert torch.equal(metricx_model.stored(tmp_path, "lm_head.weight"), state["lm_head.weight"])
    shards = tmp_path / "shards"
    shards.mkdir()
    save_file({"lm_head.weight": state["lm_head.weight"]}, shards / "a.safetensors")
    index = {"weight_map": {"lm_head.weight": "a.safetensors"}}
    (shards / "model.safetensors.index.json").write_text(json.dumps(index))
    assert torch.equal(metricx_model.stored(shards, "lm_head.weight"), state["lm_head.weight"])
    assert metricx_model.stored(shards, "shared.weight") is None


def test_a_metricx_that_lacks_weights_is_refused(metricx, tmp_path):
    from safetensors.torch import load_file, save_file

    state = load_file(metricx / "model.safetensors")
    folder = tmp_path / "metricx-24-hybrid-broken"
    folder.mkdir()
    for name in ("config.json", "spiece.model"):
        (folder / name).write_bytes((metricx / name).read_bytes())
    lost = "decoder.block.1.layer.2.DenseReluDense.wo.weight"
    save_file(
        {k: v for k, v in state.items() if k != lost},
        folder / "model.safetensors",
        metadata={"format": "pt"},
    )
    with pytest.raises(ModelError, match=f"lacks weights: {lost}"):
        answers(quality_models.metricx(folder, folder), PAIRS[:1])
    save_file(
        {k: v for k, v in state.items() if k != "lm_head.weight"},
        folder / "model.safetensors",
        metadata={"format": "pt"},
    )
    with pytest.raises(ModelError, match=r"lack lm_head\.weight"):
        answers(quality_models.metricx(folder, folder), PAIRS[:1])


def test_metricx_23_shows_the_candidate_first_and_leaves_braces_alone(metricx):
    shown = []

    def pieces(text, **_):
        shown.append(text)
        return {"input_ids": [5, 1]}

    pieces.eos_token_id = 1
    for edition in ("23", "24"):
        weights = metricx_model.MetricXWeights(
            model=None,
            row=None,
            tokenizer=pieces,
            edition=metricx_model.EDITIONS[edition],
            device="cpu",
        )
        assert weights.tokens("{src} ja", "{mt} yes") == ([5],)
    assert shown == ["candidate: {src} ja source: {mt} yes", "source: {mt} yes candidate: {src} ja"]


def test_what_a_checkpoint_pickles_beside_its_tensors_is_not_run(small, tmp_path):
    ran = tmp_path / "ran"

    class Bomb:
        def __reduce__(self):
            return (ran.write_text, ("boom",))

    folder, encoder = small
    evil = tmp_path / "kiwi"
    (evil / "checkpoints").mkdir(parents=True)
    (evil / "hparams.yaml").write_bytes((folder / "hparams.yaml").read_bytes())
    found = torch.load(folder / "checkpoints" / "model.ckpt", weights_only=False)
    torch.save({**found, "callbacks": Bomb()}, evil / "checkpoints" / "model.ckpt")
    with pytest.raises(UsageError, match="no checkpoint that torch can read"):
        comet_model.load(evil, str(encoder), device="cpu", dtype="float32")
    assert not ran.exists()


def test_missing_and_strange_weights_are_refused_when_asked(small, tmp_path):
    folder, encoder = small
    found = torch.load(folder / "checkpoints" / "model.ckpt", weights_only=False)
    state = dict(found["state_dict"])
    del state["estimator.ff.3.bias"]
    broken = tmp_path / "kiwi"
    (broken / "checkpoints").mkdir(parents=True)
    (broken / "hparams.yaml").write_bytes((folder / "hparams.yaml").read_bytes())
    torch.save({**found, "state_dict": state}, broken / "checkpoints" / "model.ckpt")
    with pytest.raises(ModelError, match=r"lacks weights of the head: estimator\.ff\.3\.bias"):
        answers(quality_models.comet(broken, encoder), PAIRS[:1])
    state["estimator.ff.3.bias"] = torch.zeros(16)
    del state["encoder.model.encoder.layer.0.output.dense.weight"]
    torch.save({**found, "state_dict": state}, broken / "checkpoints" / "model.ckpt")
    with pytest.raises(ModelError, match="lacks weights of the encoder"):
        answers(quality_models.comet(broken, encoder), PAIRS[:1])


def test_bfloat16_stays_near(small):
    folder, encoder = small
    exact = [float(a.text) for a in answers(quality_models.comet(folder, encoder), PAIRS)]
    near = answers(quality_models.comet(folder, encoder, dtype="bfloat16"), PAIRS)
    assert [float(a.text) for a in near] == pytest.approx(exact, abs=0.1)


def test_a_request_without_texts_is_refused(small):
    async def run():
        model = quality_models.comet(*small)
        with pytest.raises(ModelError, match="the prompt has to be"):
            await model.answer(Request(model="tiny", prompt="hello", max_tokens=1))
        await model.close()

    asyncio.run(run())


def test_sparsemax_is_the_projection_onto_the_simplex():
    torch.manual_seed(3)
    for size in (1, 2, 7, 25):
        scalars = torch.randn(size) * 2
        assert comet_heads.sparsemax(scalars).tolist() == pytest.approx(
            simplex(scalars.tolist()), abs=1e-5
        )


def test_what_the_registry_opens_is_pinned_and_gives_the_same_numbers(metricx):
    model, opened = quality_models.open_metricx(str(metricx))
    assert model == f"{metricx}@{folder_fingerprint(metricx)}"
    numbers = [float(reply.text) for reply in answers(opened(), PAIRS)]
    direct = answers(quality_models.metricx(metricx, metricx, name=str(metricx)), PAIRS)
    assert numbers == pytest.approx([float(reply.text) for reply in direct], abs=1e-6)


def test_a_cometkiwi_is_opened_with_the_encoder_that_it_names(small):
    folder, encoder = small
    model, opened = quality_models.open_comet(str(folder))
    assert model == f"{folder}@{folder_fingerprint(folder)}"
    numbers = [float(reply.text) for reply in answers(opened(), PAIRS)]
    direct = answers(quality_models.comet(folder, encoder), PAIRS)
    assert numbers == pytest.approx([float(reply.text) for reply in direct], abs=1e-6)
