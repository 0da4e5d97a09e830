from otter.test_files import test_case

from checks import that


@test_case(points=0, hidden=True)
def switches_that_a_call_left_on_are_restored_before_the_next(env):
    """Only in our grader: in one process nobody restores them."""
    if hasattr(env, "probe"):
        env["leave_switches_on"]()
        that(tuple(env["switches"]()) == (True, True, False), "grad mode, default dtype and anomaly mode must be restored")
