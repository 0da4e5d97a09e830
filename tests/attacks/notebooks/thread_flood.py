"""Number of threads, and processor time beside the calls"""
# %%
import threading


def spin():
    while True:
        pass


for _ in range(60):
    try:
        threading.Thread(target=spin, daemon=True).start()
    except RuntimeError:
        break
