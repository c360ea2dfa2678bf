"""The figures of the built-in evaluator on both halves of the labelled set."""

from __future__ import annotations

from . import labelled, mean_shares, pairwise_order

for held_out in (False, True):
    entries = labelled(held_out=held_out)
    print("held out" if held_out else "tuning", f"({len(entries)} questions, {8 * len(entries)} answers)")
    print("  mean coverage ", {kind: round(share, 3) for kind, share in mean_shares(entries).items()})
    print("  pairs in order", {kind: round(share, 3) for kind, share in pairwise_order(entries).items()})
