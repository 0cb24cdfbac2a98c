"""Runs in an environment of its own with unbabel-comet: scores pairs with the reference package.

Takes the folder of a model; reads [{"src", "mt"}] from standard input and writes scores and ids.
"""

import json
import sys
from pathlib import Path


def main():
    import comet

    out, sys.stdout = sys.stdout, sys.stderr  # Lightning talks on standard output
    model = comet.load_from_checkpoint(str(Path(sys.argv[1]) / "checkpoints" / "model.ckpt"))
    pairs = json.load(sys.stdin)
    found = model.predict(pairs, batch_size=4, gpus=0, num_workers=1, progress_bar=False)
    scores = [float(score) for score in found.scores]
    json.dump({"scores": scores, "ids": [list(sequences(model, pair)) for pair in pairs]}, out)


def sequences(model, pair):
    """The ids that the model reads: both texts in one, or the translation's and the source's."""
    made = model.prepare_sample([pair], stage="predict")
    if "mt_input_ids" in made:
        return [made[f"{name}_input_ids"][0].tolist() for name in ("mt", "src")]
    return [made[0]["input_ids"][0].tolist()]


if __name__ == "__main__":
    main()
