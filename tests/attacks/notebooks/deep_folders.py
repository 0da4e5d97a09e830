"""Cleaning up"""
# %%
import os

here = os.getcwd()
for _ in range(3000):
    try:
        os.mkdir("d")
        os.chdir("d")
    except OSError:
        break
try:
    os.chdir(here)
except OSError:
    pass
