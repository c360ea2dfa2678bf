"""The figures of the built-in evaluator on both halves of the labelled set, and on the fresh one."""

from __future__ import annotations

from . import fresh, labelled, mean_shares, pairwise_order, strong_above

SETS = {"tuning": labelled(held_out=False), "held out": labelled(held_out=True), "fresh": fresh()}

for name, entries in SETS.items():
    print(name, f"({len(entries)} questions, {8 * len(entries)} answers)")
    print("  mean coverage ", {kind: round(share, 3) for kind, share in mean_shares(entries).items()})
    print("  pairs in order", {kind: round(share, 3) for kind, share in pairwise_order(entries).items()})
    print("  strong above off-topic, stuffed and echo", round(strong_above(entries), 3))
