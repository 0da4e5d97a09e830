"""Code that runs beside the submission's own."""


def descend_often(env, w, g, steps):
    """Call descend `steps` times on the same tensor; returns it and whether each call returned that very tensor."""
    same = [env["descend"](w, g, 0.5) is w for _ in range(steps)]
    return w, same
