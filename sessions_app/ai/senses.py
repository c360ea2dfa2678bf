"""Words that mean nearly the same in talk about work: a short list, so that "my boss" can be "the manager".

Each line is a group, and its first word stands for all of them. The groups are coarse on purpose: they serve to find
passages, not to judge them. A word in two groups would be a mistake; ``tests/test_coverage.py`` looks for one.
"""

from __future__ import annotations

from .wording import COMMON, Word, stem, words_of

_GROUPS = """
tell told inform informed notify notified phone phoned rang say said says announce announced
manager boss director supervisor superior chief
customer client buyer guest
colleague coworker teammate peer
team group crew
mistake error fault oversight slip
fix repair mend mended correct corrected rectify solve solved resolve resolved remedy
revert reverted undo undid undone
fast faster quick quicker quickly speed speedup
start started begin began begun
notice noticed spot spotted realise realised realize realized discover discovered
verify verified validate validated check checked confirm confirmed ensure ensured
reduce reduced cut lower lowered shrink shrank trim trimmed
postpone postponed delay delayed defer deferred
help helped assist assisted support supported aid
honest honestly frank frankly openly candid transparent plainly truthful
write wrote written document documented record recorded note noted
propose proposed suggest suggested recommend recommended
choose chose chosen select selected pick picked
danger dangerous risk risky hazard threat harm
delete deleted remove removed erase erased
fail failed failing failure crash crashed broke broken outage
cost costs price expensive costly
try tried trial attempt attempted experiment experimented pilot piloted
reply replied answer answered respond responded response
documentation docs manual handbook
review reviewed audit audited retrospective postmortem
exhausted tired overworked burnout
agree agreed agreement settle settled
listen listened hear heard
ask asked enquire inquire enquired
show showed shown demonstrate demonstrated present presented
explain explained clarify clarified
measure measured profile profiled profiler benchmark benchmarked
improve improved better improvement enhance
learn learned learnt lesson lessons
apologise apologised apologize apologized sorry
urgent urgently pressing emergency
prevent prevented avoid avoided
warn warned alert alerted alarm
train trained teach taught coach coached mentor mentored
quarrel argue argued argument dispute
meet met meeting
share shared
staff employee employees
shop store
photo picture image
laptop computer machine
guess guessed assume assumed assumption suspect suspected
increase increased grew grow raise rose
worry worried concern concerned afraid anxious
postal mail email
"""
_SMALL_GROUPS = """
the my our his her their your its a an this that
they he she
i we
was were
them him
us me
"""


def groups(lines: str = _GROUPS) -> list[list[str]]:
    return [line.split() for line in lines.strip().splitlines()]


_SMALL = {word: group[0] for group in groups(_SMALL_GROUPS) for word in group}
_SENSES = {stem(word): stem(group[0]) for group in groups() for word in group}


def sense(word: Word) -> str:
    """What stands for a word when passages are compared with a rubric."""
    return _SMALL.get(word.text, word.stem) if word.is_small else _SENSES.get(word.stem, word.stem)


def senses_of(text: str, *, small: bool = False) -> list[str]:
    """The senses of a text's words in their order, without the small words unless they are asked for."""
    return [sense(word) for word in words_of(text) if small or not word.is_small]


EVERYDAY = frozenset(_SENSES.get(common, common) for common in COMMON)
"""The senses of words that are in answers to anything."""
