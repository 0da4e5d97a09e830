"""Results that are not numbers"""
# %%
def mean(x):
    return torch.full((), float("nan"), dtype=x.dtype)


def descend(w, g, lr):
    w.fill_(float("nan"))
    return w
