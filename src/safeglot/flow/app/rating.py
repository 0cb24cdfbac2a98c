"""Rating the translations of a set in the app: the draw and the file of `safeglot ratings`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from urllib.parse import parse_qsl

from safeglot.backends.app.server import Call, WebPage
from safeglot.backends.files.translation_folder import TranslationFolder
from safeglot.errors import UsageError
from safeglot.flow.app.place import (
    WorkPlace,
    csv_file,
    language_and_person,
    languages_picked,
    people_picked,
)
from safeglot.flow.translation import ratings
from safeglot.flow.translation.page import write_page
from safeglot.flow.translation.ratings_summary import chosen_texts, read_drawn, write_drawn
from safeglot.keys import digest
from safeglot.report.app.labelling import (
    DrawForm,
    LabelKey,
    LabellingPage,
    TextShown,
    render_drawing,
    render_labelling,
)
from safeglot.report.app.reading import AppFrame
from safeglot.report.page import named_language
from safeglot.translate.choice.ratings import (
    GRADES,
    RULES,
    DrawnText,
    Rating,
    RatingPlan,
    grade_lines,
    grade_of,
)

RATERS = {"1": "first rater", "2": "second rater"}
KEYS = tuple(
    LabelKey(
        key=str(grade),
        value=str(grade),
        name=words.partition(" ")[0].capitalize(),
        means=words.partition("the meaning")[2].lstrip(":, ").removeprefix("but "),
    )
    for grade, words in GRADES.items()
)
_RULES = RULES.replace("\n  ", " ")
FORM = DrawForm(
    title="Draw translations to rate",
    why="People say how much of the meaning a sample of the translations keeps, from 1 to 5.",
    unit="Texts a language",
    n=50,
    command="safeglot ratings sample",
)


class SetRating:
    """The ratings of one translation set."""

    def __init__(self, folder: TranslationFolder) -> None:
        self.folder = folder.require()
        self.about = folder.read_manifest()
        self._texts = {text.item: text for text in chosen_texts(folder)}

    def page(self, call: Call) -> WebPage:
        """Return the page of an address, after doing what was sent."""
        name = self.folder.path.resolve().name
        frame = AppFrame(
            base=call.base, title=f"Translations of {name}", name=name, tab="label", tabs=(("label", "Rate"),)
        )  # fmt: skip
        if call.sent is not None and "draw" in call.sent:
            return self._draw(call.sent)
        drawn = self._standing()
        if not drawn:
            return WebPage(text=render_drawing(frame, FORM))
        place = _place(call.query, drawn, self.about.languages)
        if call.sent is not None:
            return self._take(call.sent, place)
        return WebPage(text=render_labelling(self._shown(frame, call, place)))

    def file(self) -> WebPage:
        """Return the file of `ratings sample` with the ratings filled in."""
        rows = (
            (text.item, text.language, shown.source, shown.text, who, str(rating.adequacy), rating.comment)
            for text in self._standing()
            for shown in [self._texts[text.item]]
            for who, rating in text.ratings.items()
        )  # fmt: skip
        return csv_file("ratings.csv", ratings.COLUMNS, rows)

    def _standing(self) -> list[DrawnText]:
        """Return the drawn texts that the set still has."""
        return [text for text in read_drawn(self.folder) if text.drawn and text.item in self._texts]

    def _draw(self, sent: Mapping[str, str]) -> WebPage:
        n, overlap = FORM.read(sent)
        plan = RatingPlan(texts=n, overlap=overlap)
        ratings.sample(self.folder, plan, self.folder.path / "to-rate.csv")
        return WebPage(place="label")

    def _take(self, sent: Mapping[str, str], place: WorkPlace[DrawnText]) -> WebPage:
        """Return where to go on, after the file with what was sent is in its place."""
        if "undo" in sent:
            text, rating, last = place.last, None, "undone"
        else:
            grade = grade_of(sent.get("label", ""))
            text = next((t for t in place.queue if t.item == sent.get("item")), None)
            if text is None or grade is None:
                raise UsageError(
                    f"the rating {sent.get('label', '')!r:.40} of item {sent.get('item', '')!r:.40}: it is "
                    "not among those to be rated here, or no whole number from 1 to 5. Nothing was saved; "
                    "open the page again."
                )
            rating, last = Rating(adequacy=grade), str(grade)
        if text is None:
            return WebPage(place=place.path())
        self._write(text.item, place.who, rating)
        if rating is not None and place.next is text and text is place.queue[-1]:
            write_page(self.folder)
        return WebPage(place=place.path(last=last))

    def _write(self, item: str, who: str, rating: Rating | None) -> None:
        """Write a rating, or take it back; all ratings are read anew, as others may have written."""
        with self.folder.locked():
            drawn = read_drawn(self.folder)
            for i, text in enumerate(drawn):
                if text.item == item:
                    others = {name: r for name, r in text.ratings.items() if name != who}
                    now = others if rating is None else {**others, who: rating}
                    drawn[i] = replace(text, ratings=now)
            write_drawn(self.folder, drawn)

    def _shown(self, frame: AppFrame, call: Call, place: WorkPlace[DrawnText]) -> LabellingPage:
        text, given = place.next, dict(parse_qsl(call.query))
        last = given.get("last", "")
        reference = named_language(self.about.reference)
        page = LabellingPage(
            frame=frame,
            path=place.path(),
            rule="How much of the meaning of the source is in the translation? Only the meaning counts.",
            languages=languages_picked(self.about.languages, place.language),
            annotators=people_picked(RATERS, place.who),
            done=place.done,
            of=len(place.queue),
            keys=KEYS,
            last="Took the last rating back." if last == "undone" else f"Rated {last}, saved." if grade_of(last) else "",
            rubric=f"{grade_lines()}\n\n{_RULES}\n- Rate each text by itself. Do not ask the other rater.",
            rubric_title="How to rate",
            file="ratings.csv",
            ended=() if text else (f"What they say: safeglot ratings show {self.folder.path}",),
        )  # fmt: skip
        if text is None:
            return page
        shown = self._texts[text.item]
        own = named_language(text.language)
        return replace(
            page,
            item=text.item,
            asked=TextShown(title="Source", text=shown.source, language=reference),
            answer=TextShown(title="Translation", text=shown.text, language=own),
        )


def _place(query: str, drawn: Sequence[DrawnText], tags: Sequence[str]) -> WorkPlace[DrawnText]:
    first = next((text.language for text in drawn if text.lacking), tags[0])
    language, who = language_and_person(query, tags, first, RATERS)
    here = [text for text in drawn if text.language == language]
    wanted = [
        text for text in here
        if (who == "1" or text.raters > 1) and (who in text.ratings or text.lacking)
    ]  # fmt: skip
    queue = sorted(wanted, key=lambda text: digest("rating order", who, text.item))
    return WorkPlace(
        language=language, who=who, here=here, queue=queue, said=lambda text: text.ratings
    )
