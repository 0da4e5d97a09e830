"""What a student can change when their code raises something, in a cell or in a call. Fixed sentences: safe to show for a hidden case."""

from __future__ import annotations

LEAVE_OUT = "If grading does not need the cell, begin it with the line `# experiment`, and it is left out."
WHY_IT_ENDS = "a crash, exit(), too much memory, or too many or too large files"

_INPUT = "Nobody can answer input() in grading: write the value into the code."
_NETWORK = f"Grading has no network. {LEAVE_OUT}"
_EXIT = "Remove the call of exit(); a function ends with `return`."
_REFUSED = "Grading lets code neither start programs nor open connections or files outside its own folder."

_BY_KIND = {
    "SyntaxError": "Python cannot read this cell, so nothing in it was run. Repair the line.",
    "IndentationError": "Python cannot read this cell, so nothing in it was run. Repair the indentation.",
    "NameError": "Cells run once, from top to bottom: define or import the name in the same cell or above it.",
    "EOFError": _INPUT,
    "StdinNotImplementedError": _INPUT,
    "ModuleNotFoundError": f"Grading has no such module, and no Colab. {LEAVE_OUT}",
    "FileNotFoundError": "Grading has your notebook alone, none of the files beside it: make the data in the code.",
    "PermissionError": _REFUSED,
    "URLError": _NETWORK,
    "gaierror": _NETWORK,
    "ConnectionError": _NETWORK,
    "SystemExit": _EXIT,
    "KeyboardInterrupt": "Remove the line that raises it.",
    "UsageError": "IPython does not know this magic. Correct or remove it.",
    "RecursionError": "A function calls itself without end.",
    "MemoryError": "It needs more memory than grading gives: make its tensors smaller.",
    "timed out": f"Look for a loop that does not end. {LEAVE_OUT}",
    "died": f"What ends a process: {WHY_IT_ENDS}. {LEAVE_OUT}",
}
_BY_WORDS = {
    "allocate memory": _BY_KIND["MemoryError"],
    "start new thread": "It starts more threads than grading allows.",
    "File too large": "A file may have at most 16 MiB in grading.",
}


def advice(kind: str, said: str) -> str:
    """What to do about an exception of this kind and text, or about a cell that 'timed out' or 'died'; empty when nothing is known."""
    return _BY_KIND.get(kind) or next((text for words, text in _BY_WORDS.items() if words in said), "")
