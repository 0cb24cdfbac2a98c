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
    ids = [model.prepare_sample([pair], stage="predict")[0]["input_ids"][0] for pair in pairs]
    scores = [float(score) for score in found.scores]
    json.dump({"scores": scores, "ids": [row.tolist() for row in ids]}, out)


if __name__ == "__main__":
    main()
