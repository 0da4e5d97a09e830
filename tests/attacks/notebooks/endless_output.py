"""Amount of output"""
# %%
import sys

for _ in range(200_000):
    print("x" * 100)
    sys.stderr.write("y" * 100)
