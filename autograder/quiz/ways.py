"""The ways in which a quiz is given to people: what `autograder quiz build` writes."""

NOTEBOOK, GRADESCOPE, CANVAS, PAPER, PREVIEW = WAYS = ("notebook", "gradescope", "canvas", "paper", "preview")
