"""Records of a comparison, from rates that a test gives."""

from safeglot.report.comparison.view import ComparisonView, JudgedModels, PlacedModel
from safeglot.report.page import NamedLanguage, Run
from safeglot.types import Estimate

LANGUAGES = {"en": "English", "de": "German", "sw": "Swahili"}


def rate(value, *, wide=0.02, **more):
    """A share with an interval of `wide` on both sides; 1,000 answers."""
    ends = {} if value is None else {"low": value - wide, "high": value + wide}
    about = {"metric": "safety_macro", "model": "m", "judge": "j", "method": "", "n": 1000}
    return Estimate(**(about | {"value": value} | ends | more))


def model(name, safe, *, ranks=(None, None), **more):
    """A model, in each language as safe as its average, but for what `by_language` says."""
    given = more.pop("by_language", {})
    rates = {tag: rate(given.get(tag, safe), language=tag) for tag in LANGUAGES}
    best, worst = ranks
    about = {"safe": rate(safe), "best": best, "worst": worst, "by_language": rates} | more
    return PlacedModel(name=name, **about)


def board(*models, **more):
    """One judge's models."""
    about = {"judge": "j=x", "average": "macro average", "languages": tuple(LANGUAGES)}
    return JudgedModels(**(about | {"level": 0.95, "pairs": 3, "models": models} | more))


def view(*boards, **more):
    """A page of boards of the same models."""
    run = Run(
        title="runs",
        reference="en",
        languages=tuple(NamedLanguage(tag=tag, name=name) for tag, name in LANGUAGES.items()),
        models=tuple(one.name for one in boards[0].models),
        judges=tuple(one.judge for one in boards),
        signature="invented",
        versions={"safeglot": "0.0"},
    )
    return ComparisonView(run=run, boards=boards, **more)


def short(*boards):
    """Each name as it is."""
    return {n: n for one in boards for n in (one.judge, *(m.name for m in one.models))}
