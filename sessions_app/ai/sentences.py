"""What a program says in a report: every sentence once, with places for its values.

A report is stored in English, as the API gives it. ``services/retelling`` finds these sentences in a stored text again
and says them in the reader's language. So whoever changes one keeps the old wording here and there beside the new one,
for as long as there are reports that have it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sentence:
    """``one`` and ``many`` have places such as ``%(title)s``; ``many`` is for every ``count`` but one."""

    one: str
    many: str = ""

    def said(self, **values: str | int) -> str:
        """In English, whoever is reading: this is what is stored."""
        return (self.many if self.many and values["count"] != 1 else self.one) % values


def gettext_noop(sentence: str) -> str:
    """Marks a sentence to be translated where it is shown, by its name for ``tests/catalogues.py``."""
    return sentence


def ngettext_noop(one: str, many: str) -> tuple[str, str]:
    """The same for a sentence and its plural."""
    return one, many


# -- how many, within a sentence ---------------------------------------------------------------------------------------

ANSWERS = Sentence(*ngettext_noop("%(count)s answer", "%(count)s answers"))
QUESTIONS = Sentence(*ngettext_noop("%(count)s question", "%(count)s questions"))
POINTS = Sentence(*ngettext_noop("%(count)s rubric point", "%(count)s rubric points"))
THINGS = Sentence(*ngettext_noop("%(count)s thing", "%(count)s things"))

# -- the whole ---------------------------------------------------------------------------------------------------------

FOUND = Sentence(gettext_noop("%(answers)s to %(questions)s: evidence for %(shown)s of %(points)s."))
GIVEN = Sentence(gettext_noop("%(answers)s to %(questions)s."))
TOLD = Sentence(gettext_noop("%(answers)s to %(questions)s, which tell of %(shown)s of %(things)s that could be told."))
UNJUDGED = Sentence(
    gettext_noop("This says how much was told. There are no right answers, so nothing is scored."),
)
EXTREMES = Sentence(gettext_noop("Most shown: %(most)s. Least shown: %(least)s."))
UNKNOWN = Sentence(gettext_noop("Not enough evidence about %(titles)s."))
LEFT = Sentence(gettext_noop("Left to a person: %(titles)s."))
COUNTED = Sentence(
    gettext_noop("This counts what the answers speak of. It does not tell how good they are; a person should.")
)

# -- what went well, and what did not ----------------------------------------------------------------------------------

SHOWN = Sentence(
    *ngettext_noop("%(title)s: %(shown)s of %(count)s point shown.", "%(title)s: %(shown)s of %(count)s points shown.")
)
SUCH_AS = Sentence(
    *ngettext_noop(
        "%(title)s: %(shown)s of %(count)s point shown, such as “%(point)s”.",
        "%(title)s: %(shown)s of %(count)s points shown, such as “%(point)s”.",
    )
)
SAID = Sentence(gettext_noop("You said: “%(quote)s”"))
GAP = Sentence(gettext_noop("%(title)s: %(point)s"))

# -- what to do next ---------------------------------------------------------------------------------------------------

SHOW = Sentence(gettext_noop("Show this in an answer: %(point)s."))
SAY_MORE = Sentence(gettext_noop("Say more about this in an answer: %(point)s."))
ASK = Sentence(gettext_noop("Ask yourself: %(question)s"))
SOLID = Sentence(gettext_noop("A solid answer: %(answer)s"))
UNANSWERED = Sentence(
    *ngettext_noop(
        "Answer every question, if only in part: %(count)s question had no answer.",
        "Answer every question, if only in part: %(count)s questions had no answer.",
    )
)
TALK = Sentence(gettext_noop("Talk about %(titles)s: there was not enough to go by."))
PREPARE = Sentence(
    gettext_noop("Prepare an example of your own work for %(title)s, with what you decided and why."),
)
NEXT_LEVEL = Sentence(gettext_noop("Try the same questions at the next level, with less time."))

# -- why a criterion was judged so -------------------------------------------------------------------------------------

NOT_ANSWERED = Sentence(gettext_noop("No question about this was answered."))
NOT_ASKED = Sentence(gettext_noop("No question about this was asked."))
NO_RUBRIC = Sentence(gettext_noop("There is no rubric to look for evidence with."))
COVERED = Sentence(
    *ngettext_noop(
        "%(shown)s of %(count)s rubric points have evidence.", "%(shown)s of %(count)s rubric points have evidence."
    )
)
TOUCHED = Sentence(
    *ngettext_noop(
        "The answers touch on %(count)s more, with too little to count.",
        "The answers touch on %(count)s more, with too little to count.",
    )
)
NO_REPLY = Sentence(gettext_noop("No usable reply came from the model, so a person has to look at this."))
MISLED = Sentence(
    gettext_noop(
        "The model found shown what nobody can show, so nothing it said is used. A person has to look at this."
    )
)
