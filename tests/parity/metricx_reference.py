"""Runs in an environment of its own with transformers 4: scores pairs with google-research/metricx.

Takes the folder with that repository, the edition (23 or 24), the model's and the tokenizer's
folder; reads [{"src", "mt"}] from standard input and writes scores and ids.
"""

import importlib
import json
import sys


def main():
    import torch
    import transformers

    repository, edition, folder, tokenizer = sys.argv[1:]
    sys.path.insert(0, repository)
    models = importlib.import_module(f"metricx{edition}.models")
    pieces = transformers.AutoTokenizer.from_pretrained(tokenizer)
    model = models.MT5ForRegression.from_pretrained(folder).eval()
    # One step needs no cache; later transformers 4 break on the one that this code would make.
    model.config.use_cache = False
    scores, ids = [], []
    for pair in json.load(sys.stdin):
        texts = {"source": pair["src"], "candidate": pair["mt"]}
        order = ("source", "candidate") if edition == "24" else ("candidate", "source")
        row = pieces(" ".join(f"{name}: {texts[name]}" for name in order))["input_ids"][:-1]
        ids.append(row)
        with torch.no_grad():
            mask = torch.ones(1, len(row), dtype=torch.long)
            found = model(input_ids=torch.tensor([row]), attention_mask=mask)
        scores.append(float(found.predictions[0]))
    json.dump({"scores": scores, "ids": ids}, sys.stdout)


if __name__ == "__main__":
    main()
