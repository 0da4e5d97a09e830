import math

from otter.test_files import test_case

from checks import close, equal, function, returned

# Values are handed through, not computed; the room is for a detour through another type of number.
EXACT = 1e-12


def history(*pairs):
    return [{"step": step, "train_loss": 1.0 / (step + 1), "val_error": error} for step, error in pairs]


@test_case(points=2)
def the_smallest_validation_error_wins(env):
    """The best checkpoint is found in retrospect: it need not be the last one."""
    best_checkpoint = function(env, "best_checkpoint")
    step, error = returned(best_checkpoint(history((30, 0.5), (60, 0.2), (90, 0.3))), "step", "val_error")
    equal(step, 60, what="step", claim="For the errors 0.5, 0.2, 0.3 after the steps 30, 60, 90 the best step must be 60.")
    close(error, 0.2, rtol=EXACT, what="val_error", claim="The second value must be the smallest validation error.")


@test_case(points=1)
def equal_errors_go_to_the_earliest_step(env):
    """Error rates are multiples of 1/1000: ties are common, also in a history that is not sorted."""
    best_checkpoint = function(env, "best_checkpoint")
    for pairs in (((30, 0.4), (60, 0.2), (90, 0.2)), ((90, 0.2), (60, 0.2), (30, 0.4))):
        step, _ = returned(best_checkpoint(history(*pairs)), "step", "val_error")
        equal(
            step,
            60,
            what="step",
            claim="Of two checkpoints with the same error, the one with the smaller step must win, in whatever order they stand.",
        )


@test_case(points=1)
def what_is_not_finite_is_not_feasible(env):
    """NaN is left out; if nothing finite remains, or there was nothing, the result is (None, inf)."""
    best_checkpoint = function(env, "best_checkpoint")
    step, error = returned(best_checkpoint(history((30, math.nan), (60, 0.7), (90, math.nan))), "step", "val_error")
    equal(step, 60, what="step", claim="A checkpoint whose error is NaN must be left out.")
    close(error, 0.7, rtol=EXACT, what="val_error", claim="A checkpoint whose error is NaN must be left out.")
    for empty in (history((30, math.nan), (60, math.inf)), []):
        step, error = returned(best_checkpoint(empty), "step", "val_error")
        claim = "Without any finite error, also for an empty history, the result must be (None, inf)."
        equal(step, None, what="step", claim=claim)
        close(error, math.inf, rtol=EXACT, what="val_error", claim=claim)


@test_case(points=1)
def the_first_step_at_the_target_counts(env):
    """At most the target is enough, and what happens afterwards does not matter."""
    time_to_result = function(env, "time_to_result")
    curve = history((30, 0.5), (60, 0.2), (90, 0.3), (120, 0.1))
    for target, step in ((0.2, 60), (0.25, 60), (0.5, 30), (0.15, 120)):
        claim = f"For the errors 0.5, 0.2, 0.3, 0.1 after the steps 30, 60, 90, 120 the target {target} is first reached at step {step}."
        close(time_to_result(curve, target), step, rtol=EXACT, what="the step", claim=claim)


@test_case(points=1)
def a_target_that_is_never_reached_takes_forever(env):
    """The result is inf, also when the errors are NaN or there are none."""
    time_to_result = function(env, "time_to_result")
    for curve in (history((30, 0.5), (60, 0.4)), history((30, math.nan)), []):
        close(time_to_result(curve, 0.3), math.inf, rtol=EXACT, what="the step", claim="A target that is never reached must give inf.")
