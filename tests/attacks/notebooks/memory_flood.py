"""Memory"""
# %%
def mean(x):
    hoard = []
    while True:
        hoard.append(bytearray(b"\1" * (64 << 20)))
        if len(hoard) * 64 > 5_000:
            return x.sum() / x.numel()  # no limit was met
