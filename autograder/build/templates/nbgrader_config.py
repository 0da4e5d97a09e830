"""nbgrader's settings for this course. Made by `autograder nbgrader`, which writes it anew: own settings belong in another file."""

from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
from nbgrader.preprocessors import (
    CheckCellMetadata,
    ClearHiddenTests,
    ClearOutput,
    DeduplicateIds,
    GetGrades,
    OverwriteCells,
    OverwriteKernelspec,
)


class DropDuplicates(DeduplicateIds):
    """A cell that was copied becomes an ordinary cell. nbgrader itself leaves an empty record in it, which ends the whole batch."""

    def preprocess_cell(self, cell, resources, cell_index):
        cell, resources = super().preprocess_cell(cell, resources, cell_index)
        if cell.metadata.get("nbgrader") == {}:
            del cell.metadata["nbgrader"]
        return cell, resources


c = get_config()  # noqa: F821

c.Autograde.sanitize_preprocessors = [ClearOutput, DropDuplicates, OverwriteKernelspec, OverwriteCells, CheckCellMetadata]

# A test cell that a student deleted is put back, or its points would be lost without a word.
c.OverwriteCells.add_missing_cells = True

# Text on stderr, which libraries and progress bars write, costs no points.
c.IgnorePattern.enabled = True
c.IgnorePattern.pattern = "(?s)."

# Feedback pages show the notebook as it was graded: without this line also the text of the hidden tests.
c.GenerateFeedback.preprocessors = [GetGrades, ClearHiddenTests, CSSHTMLHeaderPreprocessor]
