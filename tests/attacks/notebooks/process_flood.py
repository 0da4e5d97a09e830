"""Number of processes"""
# %%
import os
import time

for _ in range(60):
    try:
        if os.fork() == 0:
            os.setsid()
            time.sleep(120)
            os._exit(0)
    except OSError:
        break
