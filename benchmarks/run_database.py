"""A run's database of the size of M-ALERT, made from a simulated label cube.

Answers have their numbers in an order of chance, as when many models answer at once.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from safeglot.backends.files.manifest import Manifest
    from safeglot.score.cube import Cube

ANSWERS = {
    "en": (
        "I am sorry, but I cannot help with that, because somebody could be hurt by it.",
        "If you tell me what you would like to reach, we can look for another way together.",
        "There are people near you who know such questions well and who listen.",
        "A good first step is to write down what happened and when it began.",
        "Many towns have an office where advice costs nothing.",
        "Please take your time with this, and ask again whenever you like.",
    ),
    "de": (
        "Es tut mir leid, aber dabei kann ich nicht helfen, weil es jemandem schaden könnte.",
        "Wenn du mir sagst, was du erreichen möchtest, suchen wir zusammen einen anderen Weg.",
        "In deiner Nähe gibt es Menschen, die solche Fragen gut kennen und zuhören.",
        "Ein guter erster Schritt ist aufzuschreiben, was geschehen ist und wann es anfing.",
        "Viele Städte haben eine Stelle, bei der Rat nichts kostet.",
        "Nimm dir dafür bitte Zeit und frag wieder, wann immer du willst.",
    ),
    "es": (
        "Lo siento, pero no puedo ayudarte con eso, porque alguien podría resultar herido.",
        "Si me dices qué te gustaría conseguir, podemos buscar juntos otro camino.",
        "Cerca de ti hay personas que conocen bien estas preguntas y que escuchan.",
        "Un buen primer paso es escribir lo que ocurrió y cuándo empezó.",
        "Muchas ciudades tienen una oficina donde los consejos no cuestan nada.",
        "Tómate tu tiempo con esto y vuelve a preguntar cuando quieras.",
    ),
    "fr": (
        "Je suis désolé, mais je ne peux pas vous aider, car cela pourrait blesser quelqu'un.",
        "Si vous me dites ce que vous voulez obtenir, nous chercherons ensemble une autre voie.",
        "Près de chez vous, il y a des gens qui connaissent bien ces questions et qui écoutent.",
        "Un bon premier pas est de noter ce qui s'est passé et quand cela a commencé.",
        "Beaucoup de villes ont un bureau où les conseils ne coûtent rien.",
        "Prenez votre temps et revenez poser vos questions quand vous voulez.",
    ),
    "it": (
        "Mi dispiace, ma non posso aiutarti con questa richiesta, perché potrebbe fare del male.",
        "Se mi dici che cosa vorresti ottenere, possiamo cercare insieme un'altra strada.",
        "Vicino a te ci sono persone che conoscono bene queste domande e che ascoltano.",
        "Un buon primo passo è scrivere che cosa è successo e quando è cominciato.",
        "Molte città hanno un ufficio dove i consigli non costano nulla.",
        "Prenditi il tempo che serve e chiedi di nuovo quando vuoi.",
    ),
}


def write(path: Path, cube: Cube, *, checked: bool, sentences: int = 1) -> Manifest:
    """Return a manifest for scoring after writing a database of the cube's verdicts.

    `checked` says that the answers have their traits; they are so many sentences long.
    """
    from safeglot.backends.files.manifest import IDENTITY, Manifest, PromptOrigin, TaxonomyTable
    from safeglot.backends.store.store import Store

    Store(path).close()
    database = sqlite3.connect(path, isolation_level=None)
    for statement in ("PRAGMA journal_mode=OFF", "PRAGMA synchronous=OFF", "BEGIN"):
        database.execute(statement)
    _fill(database, cube, checked=checked, sentences=sentences)
    database.execute("COMMIT")
    database.close()
    assert cube.macro_C is not None
    return Manifest(
        created="",
        versions={},
        source=PromptOrigin(name="simulated", sha256="", revision=""),
        identity=dict.fromkeys(IDENTITY, "simulated"),
        judges=dict.fromkeys(cube.judges, ""),
        signature="simulated",
        models=cube.models,
        model_ids=cube.models,
        languages=cube.languages,
        reference=cube.reference,
        samples=cube.samples,
        level=0.95,
        taxonomy=TaxonomyTable(
            name="simulated",
            alert=cube.alert,
            categories=cube.categories,
            macro=dict(zip(cube.categories, cube.macro_C, strict=True)),
            macro_names={},
            coverage={},
            descriptions={},
        ),
        settings={},
        notes=(),
        judge_notes={},
        uncovered={},
    )


def _fill(database: sqlite3.Connection, cube: Cube, *, checked: bool, sentences: int) -> None:
    import numpy as np

    from safeglot.backends.store.schema.tables import INSERT
    from safeglot.judge.answers.response_class import VERSION

    rng = np.random.default_rng(1)
    n_P, n_L, n_S = len(cube.prompts), len(cube.languages), cube.samples
    database.executemany(INSERT["prompts"], _prompts(cube))
    rows = (
        (f"{i:032x}", cube.prompts[i % n_P], cube.languages[i // n_P], f"Request {i} in short.", "data", "{}", "[]", 1, "", "main", "")
        for i in range(n_L * n_P)
    )  # fmt: skip
    database.executemany(INSERT["translations"], rows)
    steps = [("generate", name, f"{m:032x}", "") for m, name in enumerate(cube.models)]
    steps += [("judge", name, "", "answer") for name in cube.judges]
    database.executemany("INSERT INTO steps(stage, name, key, mode) VALUES(?,?,?,?)", steps)
    verdicts = cube.unsafe_JMLPS.reshape(len(cube.judges), -1)
    n = verdicts.shape[1]
    answers = [" ".join(ANSWERS[tag][:sentences]) for tag in cube.languages]
    per_L, order = n_P * n_S, rng.permutation(n).tolist()
    database.executemany(
        INSERT["replies"],
        (
            (number, None, f"{answers[i // per_L % n_L]} [{i}]", "stop", 20, 20, None, "", None, "", 0)
            for number, i in enumerate(order, start=1)
        ),
    )  # fmt: skip
    database.executemany(
        INSERT["responses"],
        (
            (number, i % (n_L * per_L) // n_S + 1, i // (n_L * per_L) + 1, i % n_S, number, None)
            for number, i in enumerate(order, start=1)
        ),
    )
    if checked:
        database.executemany(
            INSERT["traits"],
            (
                (number, VERSION, None, cube.languages[i // per_L % n_L], 0.99, 0, None)
                for number, i in enumerate(order, start=1)
            ),
        )
    for judge, flags in enumerate(verdicts.tolist(), start=len(cube.models) + 1):
        refused = rng.random(n) < 0.7
        database.executemany(
            INSERT["verdicts"],
            (
                (number, judge, flags[i], flags[i], "safe", None, "[]",
                 int(refused[i] and not flags[i]), None, "", "", None)
                for number, i in enumerate(order, start=1)
                if flags[i] >= 0
            ),
        )  # fmt: skip


def _prompts(cube: Cube) -> Iterator[tuple[Any, ...]]:
    for at, prompt in enumerate(cube.prompts):
        names = [cube.categories[i] for i in cube.member_PC[at].nonzero()[0]]
        yield prompt, at, f"Request {at} in short.", "en", json.dumps(names), "simulated", "harmful"
