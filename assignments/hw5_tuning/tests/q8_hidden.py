import torch
from otter.test_files import test_case

from checks import function, probe, rng, that

# Error rates on 1000 readings: other machines and versions of torch round otherwise and may flip a few readings in 240 steps.
RERUN_TOLERANCE = 0.01
SETTINGS = ("lr", "weight_decay", "schedule", "average", "batch_size", "width", "steps", "seed")


@test_case(points=0, hidden=True)
def two_sampled_trials_are_run_again(env):
    """For information, without points: two trials are run again from their seeds; both curves are noted for the staff if they differ."""
    rows = function(env, "trial_table")()
    note = getattr(env, "note", None)
    draw = rng()
    that(isinstance(rows, list | tuple), "trial_table() must return a list of dictionaries, one per trial.")
    sound = [
        row for row in rows if isinstance(row, dict) and isinstance(row.get("curve"), list | tuple) and all(k in row for k in SETTINGS)
    ]
    for i in torch.randperm(len(sound), generator=draw).tolist()[:2]:
        row = sound[i]
        if not isinstance(row["steps"], int) or not 1 <= row["steps"] <= 300:
            continue
        try:
            again = probe(env, "rerun", {k: row[k] for k in SETTINGS})
            same = len(again) == len(row["curve"]) and all(abs(a - b) <= RERUN_TOLERANCE for a, b in zip(again, row["curve"], strict=True))
        except Exception as error:
            again, same = f"{type(error).__name__}: {error}", False
        if not same and note is not None:
            note(
                f"Trial {row.get('trial')} did not repeat. In the table: {list(row['curve'])}; run again: {again}. This costs no points "
                "by itself."
            )
