"""What the notebook's metadata says"""
# %%
# The arena tags every cell of this one: skip-execution, otter_ignore, locked cells declared as solutions.
